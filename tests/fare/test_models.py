"""What the database itself holds of the tariff and of quotes."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from uuid_utils.compat import uuid7

from fare.models import MOST, Blackout, Fare, Levy, Quote, SeatCharge
from tests.fare import factories
from tests.fare.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "changes",
    [
        {"destination_id": "ARN"},
        {"amount": MOST + 1},
        {"change_after_fee": MOST + 1},
        {"child_discount": 101},
        {"infant_discount": 101},
        {"sale_to": date(2019, 12, 31)},
        {"travel_to": date(2019, 12, 31)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_fare_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.stored_fare(**changes)


def test_a_market_has_a_fare_basis_once_in_each_cabin() -> None:
    factories.stored_fare()
    factories.stored_fare(cabin="BUSINESS")
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.stored_fare(amount=1)


def _blackout() -> None:
    fare = factories.stored_fare()
    Blackout.objects.create(fare=fare, first=date(2040, 1, 2), last=date(2040, 1, 1))


def _levy() -> None:
    factories.stored_levy(amount=MOST + 1)


def _same_levy() -> None:
    factories.stored_levy()
    factories.stored_levy(amount=1)


def _seat_charge() -> None:
    factories.stored_seat_charge(amount=MOST + 1)


def _same_seat_charge() -> None:
    factories.stored_seat_charge()
    factories.stored_seat_charge()


@pytest.mark.parametrize("make", [_blackout, _levy, _same_levy, _seat_charge, _same_seat_charge])
def test_what_is_paid_beside_the_fare_makes_sense_or_is_refused(make: Callable[[], None]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


def test_a_tax_in_two_currencies_has_a_row_for_each() -> None:
    factories.stored_levy()
    factories.stored_levy(currency="SEK")
    assert Levy.objects.count() == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("booking_class", "k"),
        ("basis", "K LIGHT"),
        ("currency", "eur"),
        ("days", "77"),
        ("days", ""),
        ("amount", MOST + 1),
    ],
)
def test_the_admin_refuses_what_no_event_could_tell(column: str, value: object) -> None:
    fare = factories.stored_fare()
    setattr(fare, column, value)
    with pytest.raises(ValidationError) as caught:
        fare.full_clean()
    assert set(caught.value.message_dict) >= {column}


@pytest.mark.parametrize("code", ["window", "A" * 26, "EXIT ROW"])
def test_a_seats_characteristic_fits_into_a_line_of_a_price(code: str) -> None:
    charge = SeatCharge(characteristic=code, cabin="ECONOMY", amount=1, currency="EUR")
    with pytest.raises(ValidationError):
        charge.full_clean()


@pytest.mark.parametrize(
    "facts",
    [
        {"amount": 1, "refusal": "no_fare", "saga_id": uuid7()},
        {"amount": 1},
        {"refusal": "no_fare"},
        {"saga_id": uuid7()},
    ],
)
def test_a_quote_has_a_price_or_a_refusal_for_a_saga(facts: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Quote.objects.create(reservation_id=uuid7(), created_at=NOW, updated_at=NOW, **facts)


def test_rows_are_named_after_what_they_are() -> None:
    fare = factories.stored_fare()
    blackout = Blackout(fare=fare, first=date(2040, 1, 1), last=date(2040, 1, 2))
    named = [fare, fare.family, fare.origin, blackout, factories.stored_levy()]
    named += [factories.stored_levy(place=""), factories.stored_seat_charge()]
    assert [str(one) for one in named] == [
        "ARN-LHR KLIGHT",
        "LIGHT",
        "ARN",
        "2040-01-01 to 2040-01-02",
        "WV ARN",
        "WV everywhere",
        "WINDOW ECONOMY",
    ]
    assert Fare.objects.count() == 1
