"""What is kept of the tariff is of the edition in force, whoever has changed what, and how."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from fare import selectors
from fare.loading import load_fares
from fare.models import (
    Airport,
    Blackout,
    Edition,
    Fare,
    FareFamily,
    OfTariff,
    Quote,
    SeatCharge,
)
from fare.rules import Rules
from tests.fare import factories
from tests.fare.test_loading import csv

pytestmark = pytest.mark.django_db


def rules() -> Rules:
    return selectors.rules_for(origin="ARN", destination="LHR", cabin="ECONOMY")


def amounts() -> list[int]:
    return [fare.amount for fare in rules().fares]


@pytest.fixture
def fare() -> Fare:
    return factories.stored_fare()


def test_a_market_is_read_once(fare: Fare) -> None:
    first = rules()
    with CaptureQueriesContext(connection) as asked:
        assert rules() is first
    assert len(asked) == 1


def test_nothing_is_kept_of_a_tariff_without_an_edition(fare: Fare) -> None:
    Edition.objects.all().delete()
    assert amounts() == [fare.amount]
    Fare.objects.update(amount=1)  # which begins none
    assert amounts() == [1]


def test_everything_that_prices_are_made_of_belongs_to_editions() -> None:
    models = set(apps.get_app_config("fare").get_models())
    assert {model for model in models if issubclass(model, OfTariff)} == models - {Edition, Quote}


def _dearer() -> None:
    fare = Fare.objects.get()
    fare.amount += 1
    fare.save()


def _closed() -> None:
    Blackout.objects.create(fare=Fare.objects.get(), first=date(2040, 1, 1), last=date(2040, 1, 2))


def _reopened() -> None:
    Fare.objects.get().blackouts.all().delete()


def _with_seats() -> None:
    FareFamily.objects.update_or_create(code="LIGHT", defaults={"includes_seats": True})


def _abroad() -> None:
    airport = Airport.objects.get(code="LHR")
    airport.country = "FR"
    airport.save()


def _taxed() -> None:
    factories.stored_levy()


def _charged() -> None:
    SeatCharge.objects.create(characteristic="AISLE", cabin="ECONOMY", amount=500, currency="EUR")


def _gone() -> None:
    Fare.objects.all().delete()


CHANGES: list[Callable[[], None]] = [
    *(_dearer, _closed, _reopened, _with_seats, _abroad, _taxed, _charged, _gone)
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_a_change_is_priced_by_at_once(fare: Fare, change: Callable[[], None]) -> None:
    Blackout.objects.create(fare=fare, first=date(2041, 1, 1), last=date(2041, 1, 2))
    before = rules()
    change()
    assert rules() != before
    assert rules() == selectors._read(origin="ARN", destination="LHR", cabin="ECONOMY")


def test_what_a_file_brings_is_priced_by_at_once(fare: Fare) -> None:
    before = len(amounts())
    load_fares(content=csv({"fare_basis": "KOTHER"}))
    assert len(amounts()) == before + 1


def test_a_file_that_changes_nothing_begins_no_edition(fare: Fare) -> None:
    file = csv({"fare_basis": "KOTHER"})
    load_fares(content=file)
    before = Edition.current()
    assert load_fares(content=file).unchanged == 1
    assert Edition.current() == before


def test_a_change_that_is_taken_back_leaves_no_trace(fare: Fare) -> None:
    before = amounts()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _dearer()
        assert amounts() != before
        raise ZeroDivisionError
    assert amounts() == before
    _dearer()
    assert amounts() == [fare.amount + 1]


def test_editions_are_never_named_alike(fare: Fare) -> None:
    names: set[UUID | None] = set()
    for _ in range(3):
        _dearer()
        names.add(Edition.current())
    assert len(names) == 3
