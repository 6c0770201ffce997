"""Other seats, once there is a price: they cost no more than was paid for seats."""

from typing import Any

import msgspec
import pytest
from django.test import Client

from booking.models import Reservation, Seat
from booking.services import Traveler
from contracts.values import PriceLine
from tests.booking import factories
from tests.booking.http import problem_of

pytestmark = pytest.mark.django_db

# 12A and 12F are at a window, 12C and 12D at an aisle, 12B and 12E in between.
SEATS = ["12A", "12B", "12C", "12D", "12E", "12F", "14A"]
CHARGES = {"WINDOW": 900, "AISLE": 400}


def bought(*seats: str, paid: int = 0, charges: dict[str, int] = CHARGES) -> Reservation:
    """A reservation whose first passenger has paid so much for a seat."""
    factories.departure(factories.flight(), seats=SEATS)
    travelers = [Traveler(who, seat) for who, seat in enumerate(seats, 1)]
    made = factories.reserve(travelers=travelers)
    price = factories.fare_price(made.amount, seat_charges=charges)
    if paid:
        line = PriceLine(kind="CHARGE", code="SEAT_ANY", amount=paid, passenger_id=1)
        total = price.total + paid
        price = msgspec.structs.replace(price, total=total, lines=(*price.lines, line))
    told = msgspec.to_builtins(price)
    Reservation.objects.update(quoted_price=told, amount=price.total)
    return made


def change(client: Client, reservation: Reservation, *seats: str) -> Any:
    wanted = [{"passenger_id": who, "seat_number": seat} for who, seat in enumerate(seats, 1)]
    return client.patch(
        f"/api/reservations/{reservation.pk}",
        {"passengers": wanted},
        "application/json",
        headers={"If-Match": "*"},
    )


def held() -> set[str]:
    return set(Seat.objects.exclude(reservation=None).values_list("number", flat=True))


@pytest.mark.parametrize(
    ("has", "paid", "wants"),
    [
        ("12B", 0, "12E"),  # for nothing
        ("12A", 900, "12F"),  # for as much
        ("12A", 900, "12C"),  # for less
        ("12A", 0, "14A"),  # a window was given for nothing
        ("12B", 900, "12A"),  # what was paid covers the way back
    ],
)
def test_a_seat_that_costs_no_more_is_given(
    client: Client, has: str, paid: int, wants: str
) -> None:
    assert change(client, bought(has, paid=paid), wants).status_code == 200
    assert held() == {wants}


@pytest.mark.parametrize(
    ("has", "paid", "told", "wants"),
    [("12B", 0, "0.00 EUR", "12A"), ("12C", 400, "4.00 EUR", "12A")],
)
def test_a_dearer_seat_is_refused_and_says_what_it_costs(
    client: Client, has: str, paid: int, told: str, wants: str
) -> None:
    refused = change(client, bought(has, paid=paid), wants)
    problem = problem_of(refused, 409, "seat-costs-more")
    assert problem["detail"] == f"These seats cost 9.00 EUR; {told} are paid for."
    assert held() == {has}


def test_passengers_swap_seats_of_any_price(client: Client) -> None:
    assert change(client, bought("12A", "12B", paid=900), "12B", "12A").status_code == 200


def test_where_seats_are_included_any_is_given(client: Client) -> None:
    assert change(client, bought("12B", charges={}), "12A").status_code == 200


def test_while_fare_works_out_the_price_the_seats_stay(client: Client) -> None:
    factories.departure(factories.flight(), seats=SEATS)
    reservation = factories.reserve(seat_number="12B", offered=False)
    refused = change(client, reservation, "12A")
    problem_of(refused, 409, "being-priced")
    assert refused.headers["Retry-After"] == "1"
    assert held() == {"12B"}


def test_a_hold_that_is_priced_later_changes_as_it_likes(client: Client) -> None:
    factories.departure(factories.flight(), seats=SEATS)
    reservation = factories.reserve(seat_number="12B", offered=False, payment_token=None)
    assert change(client, reservation, "12A").status_code == 200
