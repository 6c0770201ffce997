"""What cancelations and changes come to, as booking asks over HTTP."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.http import HttpResponse
from django.test import Client

from contracts.quotes import (
    CancelationQuote,
    CancelationQuoteRequest,
    ChangeQuote,
    ChangeQuoteRequest,
)
from contracts.values import Penalty
from tests.fare import factories
from tests.fare.factories import DEPARTS_AT, NOW
from tests.fare.test_offers import problem

pytestmark = pytest.mark.django_db


def cancelation(**changes: Any) -> CancelationQuoteRequest:
    facts = {"asked_at": NOW, "departs_at": DEPARTS_AT, "price": factories.price()}
    return CancelationQuoteRequest(**{**facts, "passengers": factories.party(), **changes})


def change(**changes: Any) -> ChangeQuoteRequest:
    """To a departure two days later."""
    facts = {
        "asked_at": NOW,
        "departs_at": DEPARTS_AT,
        "price": factories.price(),
        "itinerary": factories.itinerary(departs_at=DEPARTS_AT + timedelta(days=2)),
        "passengers": factories.party(),
        "seats_sold": {},
    }
    return ChangeQuoteRequest(**{**facts, **changes})


def ask(client: Client, asked: msgspec.Struct | dict[str, Any]) -> HttpResponse:
    what = "change" if isinstance(asked, ChangeQuoteRequest) else "cancelation"
    body = msgspec.json.encode(asked)
    return client.post(f"/api/{what}-quotes", body, "application/json")  # type: ignore[return-value]


def test_a_cancelation_is_quoted_with_what_comes_back_and_why(client: Client) -> None:
    """100.00 fare + 15.00 tax + 6.00 charge, not refundable: 15.00 come back."""
    response = ask(client, cancelation())
    quote = msgspec.json.decode(response.content, type=CancelationQuote)
    assert (quote.settlement.refunded, quote.settlement.charged) == (1500, 10600)
    assert [one.code for one in quote.returned] == ["GB"]
    assert [one.code for one in quote.reasons] == ["not_refundable", "taxes_returned"]
    assert response["Cache-Control"] == "no-store"


def test_a_change_is_quoted_with_the_new_price_and_what_it_costs(client: Client) -> None:
    """125.00 + 15.00 tax instead of 121.00, and a fee of 60.00: 79.00 more."""
    factories.stored_fare(amount=12500)
    factories.stored_levy(amount=1500)
    quote = msgspec.json.decode(ask(client, change()).content, type=ChangeQuote)
    assert (quote.settlement.charged, quote.settlement.refunded) == (1900 + 6000, 0)
    assert (quote.price.total, quote.booking_class) == (12500 + 1500 + 6000, "K")


def test_a_quote_says_the_same_however_often_it_is_asked_for(client: Client) -> None:
    factories.stored_fare()
    for asked in (cancelation(), change()):
        assert ask(client, asked).content == ask(client, asked).content


NEVER = factories.conditions(
    cancel_before_departure=Penalty(allowed=False), change_before_departure=Penalty(allowed=False)
)


@pytest.mark.parametrize(
    ("asked", "status", "name"),
    [
        (cancelation(price=factories.price(conditions=NEVER)), 409, "cancelation-not-allowed"),
        (cancelation(asked_at=DEPARTS_AT), 409, "cancelation-not-allowed"),
        (cancelation(price=factories.price(conditions=None)), 409, "no-conditions"),
        (change(price=factories.price(conditions=NEVER)), 409, "change-not-allowed"),
        (change(price=factories.price(conditions=None)), 409, "no-conditions"),
        (change(itinerary=factories.itinerary(cabin="FIRST")), 404, "no-fare"),
        (change(price=factories.price(fare_family="FLEX")), 404, "no-fare"),
        (change(price=factories.price(currency="SEK")), 409, "currency-mismatch"),
        (change(seats_sold={"K": 9}), 409, "class-closed"),
        (change(itinerary=factories.itinerary(departs_at=NOW)), 409, "advance-purchase"),
    ],
)
def test_what_cannot_be_quoted_is_refused_by_its_own_name(
    client: Client, asked: msgspec.Struct, status: int, name: str
) -> None:
    factories.stored_fare()
    assert problem(ask(client, asked)) == (status, name)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"asked_at": "soon"}, "asked_at"),
        ({"passengers": []}, "passengers"),
        ({"price": {**msgspec.to_builtins(factories.price()), "total": 1}}, "price"),
        ({"price": None}, "price"),
    ],
)
def test_an_unfit_field_is_named(client: Client, changes: dict[str, Any], field: str) -> None:
    response = ask(client, {**msgspec.to_builtins(cancelation()), **changes})
    assert problem(response) == (400, "invalid-request")
    assert [one["field"] for one in json.loads(response.content)["errors"]] == [field]


@pytest.mark.parametrize(
    ("asked_at", "name"),
    [
        ("0001-01-01T00:00:00+14:00", "not-on-sale"),
        ("9999-12-31T23:59:59-12:00", "change-not-allowed"),
    ],
)
def test_a_moment_at_the_ends_of_the_calendar_is_one_like_others(
    client: Client, asked_at: str, name: str
) -> None:
    factories.stored_fare()
    body = {**msgspec.to_builtins(change()), "asked_at": asked_at}
    response = client.post("/api/change-quotes", body, "application/json")
    assert problem(response) == (409, name)  # type: ignore[arg-type]


def test_a_field_that_is_not_known_is_ignored(client: Client) -> None:
    body = {**msgspec.to_builtins(cancelation()), "since_later": True}
    assert ask(client, body).status_code == 200
