"""The demonstration's fares: every route that booking flies has them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from dev.bootstrap import ROOT
from dev.processes import FARE
from fare import selectors
from fare.models import Airport, Fare, FareFamily, Levy, SeatCharge
from fare.pricing import Refused, quotes
from fare.rules import Request
from tests.fare import factories
from tests.fare.factories import DAY, DEPARTS_AT

pytestmark = pytest.mark.django_db

# Booking's demonstration, as a file: fare knows nothing of booking's code.
NETWORK = json.loads((ROOT / "booking" / "fixtures" / "flights.json").read_text())


def rows(model: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    return ((row["pk"], row["fields"]) for row in NETWORK if row["model"] == f"booking.{model}")


MARKETS = [
    (fields["origin"], fields["destination"], cabin)
    for _, fields in rows("flight")
    for cabin in fields["list_prices"]
]


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the one-shots of a trial set-up load."""
    monkeypatch.chdir(ROOT)
    for arguments in FARE.one_shots[2:]:
        call_command(*arguments, verbosity=0)


def test_a_file_for_the_one_shots_is_part_of_the_service() -> None:
    assert all(Path(one[1]).parent == Path("fare/fixtures") for one in FARE.one_shots[3:])


def test_every_airport_is_in_its_country_and_sells_in_the_currency_of_the_fares() -> None:
    flown = {code: fields["country"] for code, fields in rows("airport")}
    assert dict(Airport.objects.values_list("code", "country")) == flown
    assert set(Airport.objects.values_list("currency", flat=True)) == {"EUR"}


@pytest.mark.parametrize("market", MARKETS, ids="-".join)
def test_every_market_has_three_families_in_the_flights_currency(market: tuple[str, ...]) -> None:
    origin, destination, cabin = market
    fares = Fare.objects.filter(origin=origin, destination=destination, cabin=cabin)
    assert len({fare.family_id for fare in fares}) == 3
    assert {fare.currency for fare in fares} == {"EUR"}


@pytest.mark.parametrize("market", MARKETS, ids="-".join)
def test_a_family_of_three_can_fly_on_any_market_as_late_as_today(market: tuple[str, ...]) -> None:
    origin, destination, cabin = market
    rules = selectors.rules_for(origin=origin, destination=destination, cabin=cabin)
    itinerary = factories.itinerary(origin=origin, destination=destination, cabin=cabin)
    request = Request(
        asked_at=DEPARTS_AT - timedelta(hours=1),
        itinerary=itinerary,
        passengers=factories.party("ADULT", "CHILD", "INFANT"),
    )
    found = quotes(request, rules)
    assert not isinstance(found, Refused), found
    assert found[0].price.total < found[-1].price.total
    assert {line.kind for line in found[0].price.lines} == {"BASE", "TAX", "CHARGE"}


def test_there_is_no_fare_where_nothing_is_flown() -> None:
    sold = Fare.objects.values_list("origin", "destination", "cabin").distinct()
    assert set(sold) == set(MARKETS)


def test_nothing_is_there_that_the_admin_would_refuse() -> None:
    for model in (Airport, FareFamily, Fare, Levy, SeatCharge):
        for row in model._default_manager.all():
            row.full_clean(validate_unique=False, validate_constraints=False)


def test_the_worked_example_of_the_documentation_is_what_the_demonstration_costs() -> None:
    """KLIGHT ARN-LHR: 71.00 + 4.00 security + 8.50 passenger charge + 6.00 fuel + 9.00 window."""
    rules = selectors.rules_for(origin="ARN", destination="LHR", cabin="ECONOMY")
    request = factories.request(passengers=[factories.seated("WINDOW")])
    assert request.itinerary.departure_date == DAY
    found = quotes(request, rules)
    assert not isinstance(found, Refused)
    assert found[0].price.total == 7100 + 400 + 850 + 600 + 900 == 9850
