"""Reservations at the price of a fare: quoted by events, or promised by an offer."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pytest
from django.core import signing

from contracts.offers import SALT, Offer
from contracts.values import Price
from tests.e2e.client import Answer, Browser, reserve
from tests.e2e.system import System
from tests.e2e.test_offers import DAY, KEY, problem

PERSON: Final = {"passenger_id": 1, "seat_number": "24A"}


def assert_all_agree(system: System, reservation_id: str, amount: int) -> None:
    """Booking, payment and the processor have the same amount."""
    kept = system.wait_for(reservation_id, "CONFIRMED")
    assert kept["amount"] == kept["price"]["total"] == amount
    assert sum(line["amount"] for line in kept["price"]["lines"]) == amount
    assert system.payment_of(reservation_id)["captured_amount"] == amount
    assert system.books(reservation_id) == {"AUTHORIZE": amount, "CAPTURE": amount}


def test_a_reservation_is_confirmed_at_the_price_that_fare_has_quoted(system: System) -> None:
    made = reserve(system.gateway, seat_number="23A")
    assert made.json["price"] is None
    reservation_id = made.json["id"]
    system.assert_confirmed_once(reservation_id)
    quote = Browser().get(f"{system.fare}/api/quotes/{reservation_id}").json
    assert_all_agree(system, reservation_id, quote["amount"])
    kept = system.wait_for(reservation_id, "CONFIRMED")
    assert kept["price"]["fare_basis"] == quote["fare_basis"]
    assert kept["price"]["conditions"] is not None
    entry, detail = system.timeline(reservation_id)[1]
    assert entry == "quoted"
    assert detail.startswith(f"{quote['fare_basis']}: {quote['amount'] / 100:.2f} EUR")
    assert [event["type"] for event in system.history("fare", reservation_id)] == [
        "fare.FareQuoted.v1"
    ]


def test_a_reservation_is_made_at_the_price_of_an_offer(system: System) -> None:
    offer = system.offer("24A", day=DAY)
    made = reserve(system.gateway, seat_number="24A", offer_id=offer["offer_id"])
    assert made.status == 201, made.text
    assert made.json["departure_date"] == DAY.isoformat()
    assert made.json["price"] == offer["price"]
    system.assert_confirmed_once(made.json["id"], offered=True)
    assert_all_agree(system, made.json["id"], offer["price"]["total"])


def test_a_hold_is_paid_at_the_price_of_its_offer(system: System) -> None:
    offer = system.offer("24B", day=DAY)
    reservation_id = system.hold(seat_number="24B", offer_id=offer["offer_id"])
    url = f"{system.gateway}/api/reservations/{reservation_id}/payment"
    assert Browser().post_json(url, {}).status == 202
    system.wait_for_tickets(reservation_id)
    assert_all_agree(system, reservation_id, offer["price"]["total"])


def test_a_hold_without_an_offer_is_priced_when_it_is_paid(system: System) -> None:
    reservation_id = system.hold(seat_number="24C")
    url = f"{system.gateway}/api/reservations/{reservation_id}/payment"
    assert Browser().post_json(url, {}).status == 202
    system.wait_for_tickets(reservation_id)
    quote = Browser().get(f"{system.fare}/api/quotes/{reservation_id}").json
    assert_all_agree(system, reservation_id, quote["amount"])


def test_a_class_that_is_not_sold_rejects_the_reservation_by_its_rule(system: System) -> None:
    reservation_id = system.reserve(seat_number="24D", booking_class="Z")
    system.wait_for(reservation_id, "REJECTED")
    assert system.timeline(reservation_id)[-1] == (
        "rejected",
        "no fare: There is no fare for ARN-LHR in ECONOMY, class Z.",
    )
    assert system.books(reservation_id) == {}
    rejected = Browser().get(f"{system.gateway}/api/reservations/{reservation_id}").json
    again = system.hold(seat_number="24D", departure_date=rejected["departure_date"])
    assert again != reservation_id


def offered(**changes: Any) -> str:
    """An offer as fare would sign it, of seat 24A on the day."""
    known = {
        "expires_at": datetime.now(UTC) + timedelta(minutes=5),
        **{"carrier": "ZQ", "flight_number": 1001, "origin": "ARN", "destination": "LHR"},
        "departure_date": DAY,
        "departs_at": datetime.now(UTC) + timedelta(days=9),
        **{"cabin": "ECONOMY", "booking_class": "K"},
        "passengers": [{"type": "ADULT", **PERSON}],
        "price": {
            **{"total": 100, "currency": "EUR"},
            "lines": [{"kind": "BASE", "code": "FARE", "amount": 100, "passenger_id": 1}],
        },
        **changes,
    }
    offer = msgspec.convert(known, Offer)
    return signing.dumps(msgspec.to_builtins(offer), key=KEY, salt=SALT, compress=True)


def book(system: System, offer_id: str, **changes: Any) -> Answer:
    return reserve(system.gateway, **{**PERSON, "offer_id": offer_id, **changes})


CHILD: Final = {"passengers": [{**PERSON, "date_of_birth": "2020-01-01"}]}


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({"flight_number": 1003}, 409, "offer-mismatch"),
        ({"departure_date": str(DAY + timedelta(days=1))}, 409, "offer-mismatch"),
        ({"cabin": "BUSINESS"}, 409, "offer-mismatch"),
        ({"booking_class": "Y"}, 409, "offer-mismatch"),
        ({"passenger_id": 2}, 409, "offer-mismatch"),
        ({"seat_number": "24B"}, 409, "offer-mismatch"),
    ],
)
def test_an_offer_for_something_else_is_refused(
    system: System, changes: dict[str, Any], status: int, name: str
) -> None:
    answer = book(system, offered(), **changes)
    assert (answer.status, problem(answer)) == (status, name), answer.text


def test_an_offer_for_somebody_of_another_age_is_refused(system: System) -> None:
    body = {"flight_number": 1001, **CHILD, "offer_id": offered()}
    answer = Browser().post_json(f"{system.gateway}/api/reservations", body)
    assert (answer.status, problem(answer)) == (409, "offer-mismatch"), answer.text


def test_an_expired_and_a_changed_offer_are_refused(system: System) -> None:
    expired = book(system, offered(expires_at=datetime.now(UTC)))
    assert (expired.status, problem(expired)) == (409, "offer-expired")
    changed = book(system, "x" + offered())
    assert (changed.status, problem(changed)) == (400, "offer-forged")


def test_while_fare_is_away_a_price_is_waited_for_and_an_offer_is_not(system: System) -> None:
    offer = system.offer("25A", day=DAY)
    with system.stopped("fare-consume-bookings"), system.stopped("fare"):
        waiting = system.reserve(seat_number="25B")
        promised = system.reserve(seat_number="25A", offer_id=offer["offer_id"])
        system.assert_confirmed_once(promised, offered=True)
        kept = Browser().get(f"{system.gateway}/api/reservations/{waiting}").json
        assert (kept["status"], kept["price"]) == ("PENDING", None)
    system.assert_confirmed_once(waiting)


def test_what_is_told_of_a_price_is_what_a_contract_says(system: System) -> None:
    offer = system.offer("25C", day=DAY)
    made = reserve(system.gateway, seat_number="25C", offer_id=offer["offer_id"])
    assert msgspec.convert(made.json["price"], Price).total == made.json["amount"]
    system.wait_for_tickets(made.json["id"])
