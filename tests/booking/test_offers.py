"""Reservations at the price of an offer, and offers that do not hold."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from booking.models import Departure, Reservation, Saga
from booking.selectors import Selection
from booking.services import Traveler, offers
from contracts.booking import PaymentAuthorizeRequested, ReservationCreated
from contracts.offers import SALT, Offer
from contracts.values import Price
from outbox import registry
from outbox.events import history
from tests.booking import factories
from tests.booking.factories import NOW
from tests.booking.http import REQUEST, post, post_reservation, problem_of

pytestmark = pytest.mark.django_db

CHILD: dict[str, Any] = {"date_of_birth": "2032-01-11"}
PRICE = factories.price([9850])


@pytest.fixture
def departure() -> Departure:
    """The second of two on which the seat is free."""
    flight = factories.flight()
    factories.departure(flight, in_days=1, seats=["12A", "12B"])
    return factories.departure(flight, in_days=2, seats=["12A", "12B"])


def offer(departure: Departure, *travelers: Traveler, **facts: Any) -> Offer:
    """An offer of the short form's request, valid now, for less than the list price."""
    found = Selection(departure, "ECONOMY", (), ())
    known = {"price": PRICE, "booking_class": "K", "now": timezone.now()}
    return factories.offer(found, travelers or [Traveler(1, "12A")], **{**known, **facts})


def test_an_offers_price_is_the_reservations_and_the_card_is_asked_for_it(
    client: Client, departure: Departure
) -> None:
    answer = post_reservation(client, offer_id=factories.signed(offer(departure)))
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["amount"], made["currency"]) == (9850, "EUR")
    assert msgspec.convert(made["price"], Price) == PRICE
    reservation = Reservation.objects.get(pk=made["id"])
    assert reservation.booking_class == "K"
    created, asked, _ = (
        registry.decode(row.type, row.payload.encode()) for row in history(made["id"])
    )
    assert isinstance(created, ReservationCreated)
    assert created.price == PRICE
    assert created.reservation.itinerary.booking_class == "K"
    assert isinstance(asked, PaymentAuthorizeRequested)
    assert asked.amount == 9850
    assert Saga.objects.get().step == "AUTHORIZING"


def test_without_a_date_it_is_the_offers_departure(client: Client, departure: Departure) -> None:
    answer = post_reservation(client, offer_id=factories.signed(offer(departure)))
    assert answer.json()["departure_date"] == str(departure.date)


def test_a_hold_keeps_an_offers_price(client: Client, departure: Departure) -> None:
    body = {**REQUEST, "offer_id": factories.signed(offer(departure))}
    answer = client.post("/api/reservations?hold=true", body, "application/json")
    assert answer.json()["amount"] == 9850
    assert Saga.objects.get().step == "HOLDING"


def test_the_price_is_shown_as_it_was_promised(client: Client, departure: Departure) -> None:
    made = post_reservation(client, offer_id=factories.signed(offer(departure))).json()
    assert client.get(f"/api/reservations/{made['id']}").json()["price"] == made["price"]
    [line] = client.get("/api/reservations").json()["results"]
    assert line["amount"] == 9850
    assert "price" not in line


def test_an_offer_may_be_used_again(client: Client, departure: Departure) -> None:
    pair = [Traveler(1)]
    offer_id = factories.signed(offer(departure, *pair))
    body = {"flight_number": 1001, "passengers": [{"passenger_id": 1}], "offer_id": offer_id}
    assert [post(client, body).status_code for _ in range(2)] == [201, 201]


def test_a_taken_seat_is_taken_whatever_was_offered(client: Client, departure: Departure) -> None:
    factories.take("12A", of=departure)
    refused = post_reservation(client, offer_id=factories.signed(offer(departure)))
    problem_of(refused, 409, "seat-taken")


def test_who_is_given_a_seat_is_offered_none(client: Client, departure: Departure) -> None:
    travelers = [Traveler(2, date_of_birth=date(2032, 1, 11)), Traveler(1)]
    told = offer(departure, *travelers, price=factories.price([100, 50]))
    passengers = [{"passenger_id": 1}, {"passenger_id": 2, **CHILD}]
    body = {"flight_number": 1001, "passengers": passengers, "cabin": "ECONOMY"}
    answer = post(client, {**body, "booking_class": "K", "offer_id": factories.signed(told)})
    assert (answer.status_code, answer.json()["amount"]) == (201, 150)


# What does not hold


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"flight_number": 1002}, "flight 1001, not 1002"),
        ({"departure_date": "2040-01-11"}, "date 2040-01-12, not 2040-01-11"),
        ({"cabin": "BUSINESS"}, "cabin ECONOMY, not BUSINESS"),
        ({"booking_class": "Y"}, "booking class K, not Y"),
        ({"passenger_id": 2}, "other passengers"),
        ({"seat_number": "12B"}, "passenger 1 with 12A, not with 12B"),
    ],
)
def test_an_offer_for_something_else_is_refused_by_what_differs(
    client: Client, departure: Departure, changes: dict[str, Any], told: str
) -> None:
    factories.flight(1002, list_prices={"ECONOMY": 100})
    refused = post_reservation(client, offer_id=factories.signed(offer(departure)), **changes)
    assert told in problem_of(refused, 409, "offer-mismatch")["detail"]
    assert not Reservation.objects.exists()


@pytest.mark.parametrize(
    ("passengers", "told"),
    [
        ([{"passenger_id": 1}], "passenger 1 with 12A, not with no chosen seat"),
        ([{"passenger_id": 1, "seat_number": "12A", **CHILD}], "as ADULT, not as CHILD"),
        ([{"passenger_id": 1, "seat_number": "12A"}, {"passenger_id": 2}], "other passengers"),
    ],
)
def test_an_offer_for_others_is_refused(
    client: Client, departure: Departure, passengers: list[Any], told: str
) -> None:
    body = {"flight_number": 1001, "passengers": passengers}
    refused = post(client, {**body, "offer_id": factories.signed(offer(departure))})
    assert told in problem_of(refused, 409, "offer-mismatch")["detail"]


def test_a_type_is_the_one_on_the_day_of_departure(departure: Departure) -> None:
    """Who is twelve on that day is no child any more, though they are one today."""
    traveler = Traveler(1, "12A", date_of_birth=date(2028, 1, 12))
    told = offer(departure, Traveler(1, "12A"))
    offers.must_match(
        told,
        flight_number=1001,
        departure_date=None,
        cabin=None,
        booking_class="",
        travelers=[traveler],
    )


def test_an_offer_is_no_longer_valid_at_its_end(departure: Departure) -> None:
    offer_id = factories.signed(offer(departure, expires_at=NOW))
    assert offers.verified(offer_id, now=NOW - timedelta(microseconds=1)).price == PRICE
    with pytest.raises(offers.OfferExpired, match="has expired at 2040-01-10T12:00:00"):
        offers.verified(offer_id, now=NOW)


def test_an_expired_offer_is_refused(client: Client, departure: Departure) -> None:
    past = timezone.now() - timedelta(seconds=1)
    refused = post_reservation(client, offer_id=factories.signed(offer(departure, expires_at=past)))
    problem_of(refused, 409, "offer-expired")
    assert not Reservation.objects.exists()


def other_salt(told: Offer) -> str:
    return signing.dumps(msgspec.to_builtins(told), key=factories.signing_key(), salt="another")


FORGERIES: dict[str, Any] = {
    "changed": lambda told: "x" + factories.signed(told),
    "cut": lambda told: factories.signed(told)[:-1],
    "not signed": lambda told: "any",
    "signed by somebody": lambda told: signing.dumps(msgspec.to_builtins(told), key="k", salt=SALT),
    "signed for something else": other_salt,
    "no offer": lambda told: signing.dumps({"a": 1}, key=factories.signing_key(), salt=SALT),
    "of many letters": lambda told: "é:" * 100,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_what_fare_has_not_signed_is_refused(
    client: Client, departure: Departure, forge: Any
) -> None:
    refused = post_reservation(client, offer_id=forge(offer(departure)))
    problem_of(refused, 400, "offer-forged")
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("offer_id", ["", " ", 7, None, "x" * 10_001])
def test_what_can_be_no_offer_is_an_invalid_request(
    client: Client, departure: Departure, offer_id: Any
) -> None:
    problem_of(post_reservation(client, offer_id=offer_id), 400, "invalid-request")


def test_an_offer_of_the_key_before_holds_and_of_the_one_before_that_does_not(
    settings: Settings, departure: Departure
) -> None:
    settings.OFFER_SIGNING_KEYS = ["old"]
    offer_id = factories.signed(offer(departure, now=NOW))
    settings.OFFER_SIGNING_KEYS = ["new", "old"]
    assert offers.verified(offer_id, now=NOW).price == PRICE
    settings.OFFER_SIGNING_KEYS = ["newest", "new"]
    with pytest.raises(offers.OfferForged):
        offers.verified(offer_id, now=NOW)
