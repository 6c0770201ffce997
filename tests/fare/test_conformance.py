"""The running service answers as its OpenAPI document says, and never with a 5xx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core import serializers
from pytest_django import Settings

from dev.processes import FARE
from fare import services
from fare.models import Airport, Fare, FareFamily, Quote
from tests.conformance.harness import assert_conforms, database_url, running
from tests.fare import factories
from tests.fare.booking import DEPARTURE, booking, having
from tests.fare.factories import NOW
from tests.fare.test_settling import cancelation, change


@pytest.fixture
def quotes(transactional_db: None, tmp_path: Path) -> list[str]:
    """The reservations that were quoted, and a file with them for the service's database."""
    factories.stored_fare()
    for currency in ("EUR", "SEK"):
        services.answer_quote_request(factories.requested(currency=currency), now=NOW)
    rows: list[Any] = [*Airport.objects.all(), *FareFamily.objects.all()]
    rows += [*Fare.objects.all(), *Quote.objects.all()]
    (tmp_path / "fares.json").write_text(serializers.serialize("json", rows))
    return [str(quote.pk) for quote in Quote.objects.all()]


@pytest.fixture
def service(
    request: pytest.FixtureRequest,
    quotes: list[str],
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The address of a service that has these quotes, and a booking to ask."""
    database = database_url(FARE, request, tmp_path)
    with booking(having(DEPARTURE), settings):
        monkeypatch.setenv("BOOKING_URL", settings.BOOKING_URL)
        with running(FARE, database, [["loaddata", f"{tmp_path}/fares.json"]]) as address:
            yield address


def body(message: msgspec.Struct) -> dict[str, Any]:
    """What a request is given in place of what was generated."""
    return {"body": msgspec.to_builtins(message)}


def test_every_answer_is_as_documented(service: str, quotes: list[str], tmp_path: Path) -> None:
    market = {"origin": "ARN", "destination": "LHR", "departure_date": "2099-01-06"}
    facts: dict[str, Any] = {
        "quotes_retrieve": [{"path": {"id": quote}} for quote in quotes],
        "list_offers": [
            {"body": {**market, "cabin": "ECONOMY", "flight_number": None, "currency": None}},
            {"body": {**market, "passengers": [{"passenger_id": 1}], "booking_class": None}},
        ],
        "quote_cancelation": [body(cancelation())],
        "quote_change": [body(change())],
    }
    assert_conforms(service, tmp_path, facts, seed=1, examples=15)
