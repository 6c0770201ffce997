"""Offers over HTTP: what they promise, and everything that is refused by its own name."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from contracts.callers import READ, SCHEME, verify
from contracts.offers import SALT, Offer, OfferedPassenger
from contracts.values import Price
from fare.models import Blackout
from tests.fare import factories
from tests.fare.booking import DEPARTURE, Booking, booking, having
from tests.gateway.upstreams import Exchange, Script, answering, sending, silent, trickling

pytestmark = pytest.mark.django_db

ASKED = {
    "origin": "ARN",
    "destination": "LHR",
    "departure_date": "2099-01-06",
    "passengers": [{"passenger_id": 1}],
}
PREFIX = "urn:problem-type:airline:"


@pytest.fixture
def pointed(settings: Settings) -> Iterator[Callable[[Script], Booking]]:
    """Points fare at a stand-in for booking that follows a script."""
    opened = []

    def point(script: Script) -> Booking:
        opened.append(booking(script, settings))
        return opened[-1].__enter__()

    yield point
    for one in opened:
        one.__exit__(None, None, None)


@pytest.fixture
def departing(pointed: Callable[[Script], Booking]) -> Booking:
    """A booking with one departure."""
    return pointed(having(DEPARTURE))


def post(client: Client, **changes: Any) -> HttpResponse:
    body = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
    return client.post("/api/offers", body, "application/json")  # type: ignore[return-value]


def found(response: HttpResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.content
    results: list[dict[str, Any]] = json.loads(response.content)["results"]
    return results


def problem(response: HttpResponse) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json", response.content
    document = json.loads(response.content)
    assert document["status"] == response.status_code
    return response.status_code, document["type"].removeprefix(PREFIX)


def promised(offer: dict[str, Any], *keys: str) -> Offer:
    """What an offer's id promises, as booking reads it with its keys."""
    current, *previous = keys or ("trial-only-this-is-no-secret",)
    signed = signing.loads(offer["offer_id"], key=current, salt=SALT, fallback_keys=[*previous])
    return msgspec.convert(signed, Offer)


# What is offered


def test_each_family_is_offered_with_its_breakdown_and_conditions_the_cheapest_first(
    client: Client, departing: Booking
) -> None:
    """71.00 + 15.00 of tax; 219.00 + 15.00."""
    factories.stored_fare("YFLEX", amount=21900, booking_class="Y", family=factories.family("FLEX"))
    factories.stored_fare("KLIGHT", amount=7100)
    factories.stored_levy(amount=1500)
    light, flex = found(post(client))
    assert (light["fare_family"], light["booking_class"]) == ("LIGHT", "K")
    assert (light["price"]["total"], flex["price"]["total"]) == (7100 + 1500, 21900 + 1500)
    assert light["price"]["lines"] == [
        {"kind": "BASE", "code": "FARE", "amount": 7100, "passenger_id": 1},
        {"kind": "TAX", "code": "WV", "amount": 1500, "passenger_id": 1},
    ]
    assert light["price"]["conditions"] == msgspec.to_builtins(factories.conditions())
    facts = {name: DEPARTURE[name] for name in ("flight_number", "departs_at", "arrives_at")}
    assert facts.items() <= light.items()


def test_booking_is_asked_for_departures_with_room_for_all(
    client: Client, departing: Booking
) -> None:
    factories.stored_fare()
    party = [{"passenger_id": 1}, {"passenger_id": 2, "type": "CHILD"}]
    found(post(client, passengers=party, flight_number=1001))
    assert departing.query == {
        "origin": ["ARN"],
        "destination": ["LHR"],
        "date": ["2099-01-06"],
        "cabin": ["ECONOMY"],
        "seats": ["2"],
        "flight_number": ["1001"],
    }
    assert departing.targets[1:] == ["/api/departures/1001/2099-01-06/seats"]


def test_an_offers_id_promises_what_was_shown_until_it_expires(
    client: Client, departing: Booking, settings: Settings
) -> None:
    settings.OFFER_MINUTES = 7
    factories.stored_fare()
    before = timezone.now()
    [shown] = found(post(client, passengers=[{"passenger_id": 8, "seat_number": "1A"}]))
    offer = promised(shown)
    assert offer.passengers == (OfferedPassenger(passenger_id=8, type="ADULT", seat_number="1A"),)
    assert offer.price == msgspec.convert(shown["price"], Price)
    told = (offer.carrier, offer.flight_number, offer.origin, offer.destination, offer.cabin)
    assert told == ("ZQ", 1001, "ARN", "LHR", "ECONOMY")
    assert (offer.departure_date, offer.booking_class) == (date(2099, 1, 6), "K")
    assert offer.departs_at == datetime(2099, 1, 6, 6, 40, tzinfo=UTC)
    assert msgspec.to_builtins(offer.expires_at) == shown["expires_at"]
    limit = timedelta(minutes=7)
    assert before + limit - timedelta(seconds=1) <= offer.expires_at <= timezone.now() + limit


def test_an_offer_expires_when_its_departure_leaves(
    client: Client, pointed: Callable[[Script], Booking]
) -> None:
    leaves = (timezone.now() + timedelta(minutes=5)).replace(microsecond=0)
    pointed(having({**DEPARTURE, "departs_at": leaves.isoformat()}))
    factories.stored_fare()
    [shown] = found(post(client))
    assert promised(shown).expires_at == leaves


def test_an_offer_that_was_tampered_with_is_nobodys(client: Client, departing: Booking) -> None:
    factories.stored_fare()
    [shown] = found(post(client))
    payload, rest = shown["offer_id"].split(":", 1)
    shown["offer_id"] = f"{payload[:-1]}{'A' if payload[-1] != 'A' else 'B'}:{rest}"
    with pytest.raises(signing.BadSignature):
        promised(shown)


def test_a_key_is_replaced_without_breaking_what_it_signed(
    client: Client, departing: Booking, settings: Settings
) -> None:
    factories.stored_fare()
    settings.OFFER_SIGNING_KEYS = ["old"]
    [before] = found(post(client))
    settings.OFFER_SIGNING_KEYS = ["new", "old"]
    [after] = found(post(client))
    assert promised(before, "new", "old").price == promised(after, "new", "old").price
    assert promised(after, "new").price
    with pytest.raises(signing.BadSignature):
        promised(after, "old")


def test_no_more_are_offered_than_are_wanted_and_those_are_the_cheapest(
    client: Client, pointed: Callable[[Script], Booking]
) -> None:
    later = {**DEPARTURE, "flight_number": 1021, "departs_at": "2099-01-06T16:40:00Z"}
    pointed(having(later, DEPARTURE))
    factories.stored_fare("YFLEX", amount=21900, family=factories.family("FLEX"))
    factories.stored_fare("KLIGHT", amount=7100)
    offers = found(post(client, limit=3))
    assert [(one["flight_number"], one["fare_family"]) for one in offers] == [
        (1001, "LIGHT"),
        (1021, "LIGHT"),
        (1001, "FLEX"),
    ]


def test_a_chosen_seat_is_in_the_price_and_a_given_one_is_not(
    client: Client, departing: Booking
) -> None:
    factories.stored_fare(amount=7100)
    factories.stored_seat_charge("WINDOW", 900)
    factories.stored_seat_charge("EXIT_ROW", 2500)
    totals = {}
    for number in (None, "1A", "10A", "2B", "3C"):
        passenger = {"passenger_id": 1} | ({"seat_number": number} if number else {})
        [offer] = found(post(client, passengers=[passenger]))
        totals[number] = offer["price"]["total"] - 7100
    assert totals == {None: 0, "1A": 900, "10A": 2500, "2B": 0, "3C": 0}


def test_where_nothing_departs_there_are_no_offers(
    client: Client, pointed: Callable[[Script], Booking]
) -> None:
    factories.stored_fare()
    pointed(having())
    assert found(post(client)) == []
    pointed(answering(status="404 Not Found"))  # no such flight
    assert found(post(client, flight_number=9999)) == []


def test_a_departure_that_cannot_be_sold_does_not_keep_others_from_it(
    client: Client, pointed: Callable[[Script], Booking]
) -> None:
    wednesday = {**DEPARTURE, "flight_number": 1021, "departure_date": "2099-01-07"}
    pointed(having(DEPARTURE, wednesday))
    factories.stored_fare(days="3")
    assert [one["flight_number"] for one in found(post(client))] == [1021]


def test_offers_are_not_kept_by_anybody(client: Client, departing: Booking) -> None:
    factories.stored_fare()
    assert post(client)["Cache-Control"] == "no-store"


def test_the_customers_trace_goes_on_to_booking(client: Client, departing: Booking) -> None:
    factories.stored_fare()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    client.post("/api/offers", ASKED, "application/json", headers={"traceparent": trace})
    assert {seen.headers["traceparent"] for seen in departing.service.seen} == {trace}


def test_booking_is_asked_by_a_service_that_vouches_for_itself(
    client: Client, departing: Booking, settings: Settings
) -> None:
    settings.INTERNAL_KEYS = ["a-key-of-the-services"]
    client.post("/api/offers", ASKED, "application/json")
    for seen in departing.service.seen:
        token = seen.headers["authorization"].removeprefix(f"{SCHEME} ")
        caller = verify(token, to="booking", keys=settings.INTERNAL_KEYS, at=time.time())
        assert (caller.iss, caller.sub, caller.scopes) == (
            "fare",
            "service:fare",
            frozenset({READ}),
        )


# What is refused


def test_a_market_without_fares_is_refused_and_booking_is_not_asked(
    client: Client, departing: Booking
) -> None:
    factories.stored_fare(cabin="BUSINESS")
    assert problem(post(client)) == (404, "no-fare")
    assert departing.targets == []


@pytest.mark.parametrize(
    ("fare", "asked", "status", "name"),
    [
        ({}, {"booking_class": "Z"}, 404, "no-fare"),
        ({}, {"currency": "SEK"}, 409, "currency-mismatch"),
        (
            {"child_discount": None},
            {"passengers": [{"passenger_id": 1, "type": "CHILD"}]},
            409,
            "passenger-type-refused",
        ),
        ({"sale_from": date(2098, 1, 1)}, {}, 409, "not-on-sale"),
        ({"travel_from": date(2099, 1, 7)}, {}, 409, "travel-dates"),
        ({"days": "1"}, {}, 409, "day-of-week"),
        ({"advance_purchase_days": 30_000}, {}, 409, "advance-purchase"),
        ({"authorization_level": 2}, {}, 409, "class-closed"),
        ({"amount": 0}, {}, 409, "nothing-to-pay"),
        ({}, {"passengers": [{"passenger_id": 1, "seat_number": "4A"}]}, 409, "seat-unavailable"),
        ({}, {"passengers": [{"passenger_id": 1, "seat_number": "6A"}]}, 409, "seat-unavailable"),
        ({}, {"passengers": [{"passenger_id": 1, "seat_number": "1D"}]}, 409, "seat-unavailable"),
        ({}, {"passengers": [{"passenger_id": 1, "seat_number": "99A"}]}, 409, "seat-unavailable"),
        (
            {},
            {"passengers": [{"passenger_id": 1, "type": "SENIOR"}]},
            400,
            "unknown-passenger-type",
        ),
        ({}, {"passengers": [{"passenger_id": 1}] * 2}, 400, "passenger-twice"),
        (
            {},
            {"passengers": [{"passenger_id": n, "seat_number": "1A"} for n in (1, 2)]},
            400,
            "seat-twice",
        ),
    ],
)
def test_what_cannot_be_offered_is_refused_by_its_own_name(
    client: Client,
    departing: Booking,
    fare: dict[str, Any],
    asked: dict[str, Any],
    status: int,
    name: str,
) -> None:
    factories.stored_fare(**fare)
    assert problem(post(client, **asked)) == (status, name)


def test_a_blackout_date_is_refused_by_its_own_name(client: Client, departing: Booking) -> None:
    day = date(2099, 1, 6)
    Blackout.objects.create(fare=factories.stored_fare(), first=day, last=day)
    assert problem(post(client)) == (409, "blackout-date")


def test_what_is_held_or_sold_counts_against_the_level_and_what_is_blocked_does_not(
    client: Client, pointed: Callable[[Script], Booking]
) -> None:
    """Two of the class are sold and one is wanted: the level of three is just enough, whatever is
    sold in other classes and cabins."""
    business = {**DEPARTURE["cabins"][0], "cabin": "BUSINESS", "seats_sold": {"K": 9}}
    pointed(having({**DEPARTURE, "cabins": [business, *DEPARTURE["cabins"]]}))
    fare = factories.stored_fare(authorization_level=3)
    assert found(post(client))
    fare.authorization_level = 2
    fare.save()
    assert problem(post(client)) == (409, "class-closed")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"origin": "arn"}, "origin"),
        ({"origin": None}, "origin"),
        ({"departure_date": "soon"}, "departure_date"),
        ({"cabin": "COACH"}, "cabin"),
        ({"passengers": []}, "passengers"),
        ({"passengers": [{"passenger_id": 1}] * 10}, "passengers"),
        ({"passengers": [{"passenger_id": "1"}]}, "passengers[0].passenger_id"),
        ({"passengers": [{}]}, "passengers[0].passenger_id"),
        ({"passengers": [{"passenger_id": 1, "age": 3}]}, "passengers[0].age"),
        ({"limit": 0}, "limit"),
        ({"limit": 21}, "limit"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_an_unfit_field_is_named(client: Client, changes: dict[str, Any], field: str) -> None:
    response = post(client, **changes)
    assert problem(response) == (400, "invalid-request")
    assert [one["field"] for one in json.loads(response.content)["errors"]] == [field]


@pytest.mark.parametrize("body", ["[]", "1", '"x"', "null"])
def test_what_is_no_object_is_refused(client: Client, body: str) -> None:
    response = client.post("/api/offers", body, "application/json")
    assert problem(response) == (400, "invalid-request")  # type: ignore[arg-type]


def test_a_form_is_refused(client: Client) -> None:
    assert client.post("/api/offers", {"origin": "ARN"}).status_code == 415


# Without booking


def late(exchange: Exchange) -> None:
    """Finds a departure, and then keeps silent."""
    exchange.request()
    exchange.answer(json.dumps({"results": [DEPARTURE]}).encode())
    silent(exchange)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.parametrize(
    "script",
    [
        silent,
        late,
        trickling(HEAD, b" "),
        sending(b"nonsense"),
        sending(HEAD + b"{"),
        answering(b"{}"),
        answering(b"not json"),
        answering(b'{"more":' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
        answering(status="500 Internal Server Error"),
        answering(status="503 Service Unavailable"),
        answering(status="403 Forbidden"),
        answering(b" " * (2**20 + 2)),
        answering(status="302 Found", headers="Location: /elsewhere\r\n"),
    ],
    ids=[
        *("silent", "late", "in drops", "nonsense", "cut short", "of no use", "no JSON", "nested"),
        *("500", "503", "403", "endless", "redirected"),
    ],
)
def test_a_booking_that_gives_no_usable_answer_in_time_is_503_and_try_again(
    client: Client, pointed: Callable[[Script], Booking], settings: Settings, script: Script
) -> None:
    settings.BOOKING_READ_MS = 400
    pointed(script)
    factories.stored_fare()
    begun = timezone.now()
    response = post(client)
    assert problem(response) == (503, "booking-unavailable")
    assert int(response["Retry-After"]) > 0
    assert timezone.now() - begun < timedelta(seconds=2)


def test_a_booking_that_is_down_is_503_and_try_again(client: Client, settings: Settings) -> None:
    settings.BOOKING_URL = "http://127.0.0.1:1"
    factories.stored_fare()
    assert problem(post(client)) == (503, "booking-unavailable")
