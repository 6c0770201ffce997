"""Another departure: quoted, then confirmed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from booking import services
from booking.models import Departure, Reservation, ReservationPassenger, Saga, Seat
from contracts.booking import (
    PaymentAuthorizeRequested,
    PaymentRefundRequested,
    ReservationChanged,
)
from contracts.payment import PaymentCaptured
from contracts.quotes import ChangeQuoteRequest
from contracts.values import Penalty
from outbox import registry
from outbox.events import history
from tests.booking import factories
from tests.booking.factories import NOW
from tests.booking.fare import Fare, asked_directly
from tests.booking.http import problem_of
from tests.strangers import stranger

pytestmark = pytest.mark.django_db

DAY = (NOW + timedelta(days=2)).date()
FREE = Penalty(allowed=True)


@pytest.fixture(autouse=True)
def fare(monkeypatch: pytest.MonkeyPatch) -> Fare:
    """Fare, asked without a socket."""
    made = Fare()
    asked_directly(made, monkeypatch)
    return made


def path(reservation: Reservation, more: str) -> str:
    return f"/api/reservations/{reservation.pk}/{more}"


def ask(client: Client, reservation: Reservation, **changes: Any) -> Any:
    body = {"departure_date": DAY.isoformat(), **changes}
    return client.post(path(reservation, "change-quotes"), body, "application/json")


def quoted(client: Client, reservation: Reservation, **changes: Any) -> Any:
    answer = ask(client, reservation, **changes)
    assert answer.status_code == 200, answer.content
    return answer.json()


def confirm(client: Client, reservation: Reservation, quote_id: str, **body: Any) -> Any:
    whole = {"quote_id": quote_id, **body}
    headers = {"If-Match": "*"}
    return client.post(path(reservation, "change"), whole, "application/json", headers=headers)


def change(client: Client, reservation: Reservation, **changes: Any) -> Any:
    """Quote and confirm."""
    return confirm(client, reservation, quoted(client, reservation, **changes)["quote_id"])


def told(reservation: Reservation, kind: Any) -> list[Any]:
    rows: Any = history(str(reservation.pk))
    return [registry.decode(row.type, row.payload) for row in rows if row.type == kind.type]


def seats(reservation: Reservation) -> list[tuple[int, str, str]]:
    """Those of a reservation: which day of the month, number and status."""
    own = Seat.objects.filter(reservation=reservation).order_by("departure__date", "number")
    return [(seat.departure.date.day, seat.number, seat.status) for seat in own]


# What is quoted


def test_a_dearer_departure_costs_the_difference_and_the_fee(client: Client, fare: Fare) -> None:
    """150.00 less the 129.00 that were paid, and a fee of 30.00."""
    fare.amount = 15000
    reservation = factories.bought()
    quote = quoted(client, reservation)
    assert (quote["difference"], quote["fee"]) == (2100, 3000)
    assert (quote["charged"], quote["refunded"]) == (5100, 0)
    assert (quote["price"]["total"], quote["price"]["fare_basis"]) == (12900 + 5100, "KLIGHT")
    assert [line["code"] for line in quote["lines"]] == ["DIFFERENCE", "CHANGE"]
    assert [reason["code"] for reason in quote["reasons"]] == ["dearer", "change_fee"]
    assert (quote["flight_number"], quote["departure_date"]) == (1001, "2040-01-12")
    assert (quote["cabin"], quote["booking_class"]) == ("ECONOMY", "K")


def test_a_cheaper_departure_gives_back_what_the_fee_leaves(client: Client, fare: Fare) -> None:
    """129.00 were paid, 89.00 are enough; of the 40.00 the fee takes 30.00."""
    fare.amount = 8900
    reservation = factories.bought(refundable=True)
    quote = quoted(client, reservation)
    assert (quote["difference"], quote["fee"]) == (-4000, 3000)
    assert (quote["charged"], quote["refunded"]) == (0, 1000)
    assert quote["price"]["total"] == 12900 - 1000


def test_what_is_lost_of_a_cheaper_departure_is_no_fee(client: Client, fare: Fare) -> None:
    fare.amount = 8900
    quote = quoted(client, factories.bought())
    assert (quote["difference"], quote["fee"], quote["refunded"]) == (-4000, 3000, 0)
    assert quote["price"]["total"] == 12900


def test_fare_is_told_of_the_wanted_departure_and_of_chosen_seats(
    client: Client, fare: Fare
) -> None:
    reservation = factories.bought("12A 12B")
    other = factories.at_a_fare(
        factories.reserve(travelers=[services.Traveler(9, "14C")], departure_date=DAY)
    )
    assert other.booking_class == "K"
    quoted(client, reservation, passengers=[{"passenger_id": 2, "seat_number": "12C"}])
    [asked] = fare.asked
    assert isinstance(asked, ChangeQuoteRequest)
    assert (asked.departs_at, asked.price) == (
        reservation.departure.departs_at,
        factories.fare_price(25800),
    )
    assert (asked.itinerary.departure_date, asked.itinerary.booking_class) == (DAY, None)
    assert [one.seat and one.seat.number for one in asked.passengers] == [None, "12C"]
    assert asked.passengers[1].seat is not None
    assert asked.passengers[1].seat.characteristics == ("AISLE",)
    assert asked.seats_sold == {"K": 1}


def test_a_passenger_is_as_old_as_on_the_wanted_day(client: Client, fare: Fare) -> None:
    reservation = factories.bought()
    second_birthday = DAY.replace(year=DAY.year - 2)
    ReservationPassenger.objects.update(date_of_birth=second_birthday, type="INFANT")
    assert change(client, reservation).status_code == 202
    [asked] = fare.asked
    assert isinstance(asked, ChangeQuoteRequest)
    assert [one.type for one in asked.passengers] == ["CHILD"]


def test_a_quote_holds_no_seat_and_writes_nothing(client: Client) -> None:
    reservation = factories.bought()
    before = reservation.version
    quoted(client, reservation)
    reservation.refresh_from_db()
    assert (reservation.version, seats(reservation)) == (before, [(11, "12A", "SOLD")])


def test_the_quote_of_a_change_expires_when_the_wanted_departure_leaves_at_the_latest(
    client: Client, settings: Settings
) -> None:
    settings.QUOTE_MINUTES = 24 * 60
    reservation = factories.bought()
    first = factories.departure(reservation.departure.flight, in_days=0, seats=["1A"])
    Departure.objects.filter(pk=first.pk).update(departs_at=NOW + timedelta(hours=2))
    given = services.quote_change(
        reservation_id=reservation.pk,
        customer_id=None,
        departure_date=first.date,
        seats={},
        now=NOW,
    )
    assert given.agreed.expires_at == NOW + timedelta(hours=2)


# What is not


def test_only_what_is_paid_for_is_changed(client: Client) -> None:
    reservation = factories.at_a_fare(factories.pending_reservation())
    factories.departure(reservation.departure.flight, in_days=2)
    problem_of(ask(client, reservation), 409, "not-changeable")
    factories.confirm(reservation)
    problem_of(ask(client, reservation), 409, "not-changeable")


def test_what_has_ended_or_was_flown_is_not_changed(client: Client) -> None:
    reservation = factories.bought()
    Departure.objects.filter(pk=reservation.departure_id).update(status="DEPARTED")
    problem_of(ask(client, reservation), 409, "departure-departed")
    Reservation.objects.update(status="CANCELED")
    problem_of(ask(client, reservation), 409, "reservation-final")


def test_the_reservations_own_departure_is_no_other(client: Client) -> None:
    reservation = factories.bought()
    own = reservation.departure.date.isoformat()
    problem_of(ask(client, reservation, departure_date=own), 409, "same-departure")


def test_the_route_stays(client: Client) -> None:
    reservation = factories.bought()
    back = factories.flight(1002, origin=factories.airport("LHR"), destination=factories.airport())
    factories.departure(back, in_days=2)
    problem_of(ask(client, reservation, flight_number=1002), 409, "other-route")


def test_another_flight_of_the_route_will_do(client: Client) -> None:
    reservation = factories.bought()
    factories.departure(factories.flight(1021), in_days=2)
    assert quoted(client, reservation, flight_number=1021)["flight_number"] == 1021


SEATS: list[tuple[Any, int, str]] = [
    ({"departure_date": "2040-05-01"}, 404, "unknown-departure"),
    ({"flight_number": 7}, 404, "unknown-flight"),
    ({"cabin": "ATTIC"}, 404, "unknown-cabin"),
    ({"cabin": "FIRST"}, 404, "unknown-cabin"),
    ({"passengers": [{"passenger_id": 1, "seat_number": "99A"}]}, 404, "unknown-seat"),
    ({"passengers": [{"passenger_id": 1, "seat_number": "14A"}]}, 409, "seat-taken"),
    ({"passengers": [{"passenger_id": 7, "seat_number": "12A"}]}, 404, "unknown-passenger"),
    ({"passengers": [{"passenger_id": 1, "seat_number": "12A"}] * 2}, 400, "passenger-twice"),
    ({"departure_date": "tomorrow"}, 400, "invalid-request"),
    ({"nonsense": 1}, 400, "invalid-request"),
]


@pytest.mark.parametrize(("changes", "status", "code"), SEATS, ids=[code for *_, code in SEATS])
def test_what_cannot_be_had_is_refused_by_name(
    client: Client, changes: Any, status: int, code: str
) -> None:
    reservation = factories.bought()
    wanted = reservation.departure.flight.departures.get(date=DAY)
    factories.take("14A", of=wanted)
    problem_of(ask(client, reservation, **changes), status, code)


def test_two_passengers_do_not_get_one_seat(client: Client) -> None:
    both = [{"passenger_id": who, "seat_number": "12C"} for who in (1, 2)]
    problem_of(ask(client, factories.bought("12A 12B"), passengers=both), 400, "seat-twice")


def test_a_full_departure_cannot_be_had(client: Client) -> None:
    reservation = factories.bought()
    wanted = reservation.departure.flight.departures.get(date=DAY)
    factories.take("12A 12B 12C 14A 14B 14C", of=wanted)
    problem_of(ask(client, reservation), 409, "no-seats-left")


@pytest.mark.parametrize("status", ["CLOSED", "CANCELED"])
def test_the_wanted_departure_has_to_sell(client: Client, status: str) -> None:
    reservation = factories.bought()
    Departure.objects.filter(date=DAY).update(status=status)
    problem_of(ask(client, reservation), 409, f"departure-{status.lower()}")


def test_who_is_not_born_by_then_does_not_fly(client: Client) -> None:
    reservation = factories.bought()
    early = factories.departure(reservation.departure.flight, in_days=0, seats=["1A"])
    Departure.objects.filter(pk=early.pk).update(departs_at=NOW + timedelta(hours=2))
    ReservationPassenger.objects.update(date_of_birth=reservation.departure.date)
    answer = ask(client, reservation, departure_date=early.date.isoformat())
    problem_of(answer, 400, "not-born-yet")


def test_what_the_fares_do_not_allow_is_refused_by_name(client: Client, fare: Fare) -> None:
    fare.level = 0
    reservation = factories.bought()
    problem_of(ask(client, reservation), 409, "class-closed")
    price = factories.at_a_fare(reservation, change_before_departure=Penalty(allowed=False))
    problem_of(ask(client, price), 409, "change-not-allowed")
    Reservation.objects.update(quoted_price=None)
    problem_of(ask(client, reservation), 409, "no-conditions")


def test_without_fare_no_change_is_quoted(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.undo()
    settings.FARE_URL = "http://127.0.0.1:9"
    problem_of(ask(client, factories.bought()), 503, "fare-unavailable")


# Confirming


def test_what_costs_nothing_more_is_changed_at_once(client: Client) -> None:
    reservation = factories.bought(change_before_departure=FREE)
    ticket = reservation.passengers.get().ticket_number
    answer = change(client, reservation, passengers=[{"passenger_id": 1, "seat_number": "14C"}])
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["departure_date"], shown["seat_number"]) == ("2040-01-12", "14C")
    assert [one["seat_number"] for one in shown["passengers"]] == ["14C"]
    assert [one["ticket_number"] for one in shown["passengers"]] == [ticket]
    reservation.refresh_from_db()
    assert answer.headers["ETag"] == f'"{reservation.version}"'
    assert seats(reservation) == [(12, "14C", "SOLD")]
    assert told(reservation, PaymentAuthorizeRequested)[1:] == []
    saga = Saga.objects.get(kind="CHANGING")
    assert (saga.step, saga.live) == ("DONE", None)


def test_what_has_to_be_paid_for_is_202_and_holds_the_new_seat_beside_the_old(
    client: Client, fare: Fare
) -> None:
    fare.amount = 15000
    reservation = factories.bought()
    quote = quoted(client, reservation)
    answer = confirm(client, reservation, quote["quote_id"], payment_token="tok_other")
    assert (answer.status_code, answer.json()["departure_date"]) == (202, "2040-01-11")
    assert seats(reservation) == [(11, "12A", "SOLD"), (12, "12A", "HELD")]
    asked = told(reservation, PaymentAuthorizeRequested)[-1]
    assert (asked.amount, asked.payment_token) == (5100, "tok_other")
    assert reservation.timeline.latest("id").entry == "change asked for"


def test_a_cheaper_departure_gives_its_difference_back_after_the_swap(
    client: Client, fare: Fare
) -> None:
    fare.amount = 8900
    reservation = factories.bought(refundable=True)
    assert change(client, reservation).status_code == 200
    [changed] = told(reservation, ReservationChanged)
    assert (changed.price.total, changed.settlement.refunded) == (11900, 1000)
    [refund] = told(reservation, PaymentRefundRequested)
    assert (refund.amount, refund.authorization_number) == (1000, 1)


def test_a_change_that_costs_something_needs_a_card(client: Client, settings: Settings) -> None:
    reservation = factories.bought()
    quote = quoted(client, reservation)
    settings.TRIAL = False
    answer = confirm(stranger("booking", "trial"), reservation, quote["quote_id"])
    problem_of(answer, 400, "payment-token-required")
    assert not Saga.objects.filter(kind="CHANGING").exists()


def test_a_change_is_not_confirmed_twice(client: Client, fare: Fare) -> None:
    reservation = factories.bought()
    quote = quoted(client, reservation)
    assert confirm(client, reservation, quote["quote_id"]).status_code == 202
    problem_of(confirm(client, reservation, quote["quote_id"]), 409, "change-under-way")
    problem_of(ask(client, reservation), 409, "change-under-way")


def test_under_one_key_a_change_is_confirmed_once(client: Client) -> None:
    reservation = factories.bought(change_before_departure=FREE)
    body = {"quote_id": quoted(client, reservation)["quote_id"]}
    headers = {"If-Match": "*", "Idempotency-Key": "c-1"}
    where = path(reservation, "change")
    answers = [client.post(where, body, "application/json", headers=headers) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert len(told(reservation, ReservationChanged)) == 1


def test_a_change_is_made_at_the_version_it_was_decided_on(client: Client) -> None:
    reservation = factories.bought()
    body = {"quote_id": quoted(client, reservation)["quote_id"]}
    where = path(reservation, "change")
    problem_of(client.post(where, body, "application/json"), 428, "precondition-required")
    stale = client.post(where, body, "application/json", headers={"If-Match": '"1"'})
    problem_of(stale, 412, "stale-version")


def test_a_seat_that_was_taken_since_the_quote_is_refused(client: Client) -> None:
    reservation = factories.bought()
    quote = quoted(client, reservation, passengers=[{"passenger_id": 1, "seat_number": "14C"}])
    factories.take("14C", of=reservation.departure.flight.departures.get(date=DAY))
    problem_of(confirm(client, reservation, quote["quote_id"]), 409, "seat-taken")
    assert seats(reservation) == [(11, "12A", "SOLD")]


def test_a_departure_that_has_closed_since_the_quote_is_refused(client: Client) -> None:
    reservation = factories.bought()
    quote = quoted(client, reservation)
    Departure.objects.filter(date=DAY).update(status="CLOSED")
    problem_of(confirm(client, reservation, quote["quote_id"]), 409, "departure-closed")


def test_the_quote_of_a_change_holds_for_some_minutes_and_for_what_it_was_given(
    client: Client,
) -> None:
    reservation = factories.bought()
    long_ago = timezone.now() - timedelta(minutes=11)
    old = services.quote_change(
        reservation_id=reservation.pk,
        customer_id=None,
        departure_date=DAY,
        seats={},
        now=long_ago,
    )
    problem_of(confirm(client, reservation, old.quote_id), 409, "quote-expired")
    problem_of(confirm(client, reservation, "nonsense"), 400, "quote-invalid")
    quote = quoted(client, reservation)
    Reservation.objects.update(amount=1)
    problem_of(confirm(client, reservation, quote["quote_id"]), 409, "quote-outdated")
    travelers = [services.Traveler(2, "12C")]
    other = factories.at_a_fare(factories.reserve(travelers=travelers))
    factories.confirm(other)
    factories.tell(PaymentCaptured, other)
    answer = confirm(client, other, quote["quote_id"])
    problem_of(answer, 409, "quote-of-another-reservation")


def test_a_group_moves_together_or_not_at_all(client: Client) -> None:
    reservation = factories.bought("12A 12B 12C", change_before_departure=FREE)
    quote = quoted(client, reservation, passengers=[{"passenger_id": 2, "seat_number": "14B"}])
    wanted = reservation.departure.flight.departures.get(date=DAY)
    factories.take("12A 12B 12C 14A", of=wanted)
    problem_of(confirm(client, reservation, quote["quote_id"]), 409, "no-seats-left")
    assert len(seats(reservation)) == 3
    Seat.objects.filter(departure=wanted).update(status="FREE", reservation=None)
    assert confirm(client, reservation, quote["quote_id"]).status_code == 200
    moved = reservation.passengers.order_by("id").values_list("passenger_id", "seat_number")
    assert dict(moved)[2] == "14B"
    assert {number for _, number, _ in seats(reservation)} == {one for _, one in moved}
    assert [day for day, *_ in seats(reservation)] == [12, 12, 12]
