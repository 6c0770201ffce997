"""Quotes over HTTP: to be looked at, nothing else."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from fare import services
from tests.fare import factories
from tests.fare.factories import NOW

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


def quote(**changes: Any) -> str:
    """The id of a reservation that was quoted."""
    event = factories.requested(**changes)
    services.answer_quote_request(event, now=NOW)
    return str(event.reservation_id)


def test_a_quote_is_shown_with_what_booking_was_told(client: Client) -> None:
    factories.stored_fare(amount=7100)
    key = quote()
    shown = client.get(f"/api/quotes/{key}").json()
    assert (shown["reservation_id"], shown["amount"], shown["currency"]) == (key, 7100, "EUR")
    assert (shown["fare_basis"], shown["refusal"]) == ("KLIGHT", "")
    assert shown["answer"]["price"]["lines"][0]["amount"] == 7100


def test_a_refusal_is_shown_with_its_rule(client: Client) -> None:
    shown = client.get(f"/api/quotes/{quote()}").json()
    assert (shown["amount"], shown["refusal"]) == (None, "no_fare")
    assert shown["answer"]["reason"]["code"] == "no_fare"


def test_the_list_has_every_quote_once_newest_first(client: Client) -> None:
    ids = [quote() for _ in range(60)][::-1]
    first = client.get("/api/quotes").json()
    second = client.get(first["next"]).json()
    assert [len(page["results"]) for page in (first, second)] == [50, 10]
    assert [one["reservation_id"] for one in first["results"] + second["results"]] == ids


def test_an_unknown_quote_is_not_found(client: Client) -> None:
    response = client.get(f"/api/quotes/{uuid4()}")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_quote_is_made_by_events_only(client: Client, method: str) -> None:
    for path in ("/api/quotes", f"/api/quotes/{quote()}"):
        response = getattr(client, method)(path, {}, "application/json")
        assert response.status_code == 405
        assert response.headers["Content-Type"] == PROBLEM


def test_the_browsable_pages_render(client: Client) -> None:
    key = quote()
    for path in ("/api/quotes", f"/api/quotes/{key}"):
        response = client.get(path, headers={"accept": "text/html"})
        assert response.status_code == 200
        assert key in response.text
    assert client.get("/api/offers", headers={"accept": "text/html"}).status_code == 405
