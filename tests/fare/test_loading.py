"""Fare files: what they bring, and everything that is refused, all or nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from fare.loading import BadFares, Loaded, load_fares
from fare.models import Blackout, Fare, conditions_of
from tests.fare import factories

pytestmark = pytest.mark.django_db

ROW = {
    "origin": "ARN",
    "destination": "LHR",
    "cabin": "ECONOMY",
    "booking_class": "K",
    "fare_basis": "KLIGHT",
    "family": "LIGHT",
    "amount": "7100",
    "currency": "EUR",
    "child_discount": "25",
    "infant_discount": "",
    "sale_from": "2026-01-01",
    "sale_to": "",
    "travel_from": "2026-02-01",
    "travel_to": "2026-12-31",
    "days": "12346",
    "advance_purchase_days": "21",
    "authorization_level": "20",
    "blackout_dates": "2026-04-01 2026-12-20/2026-12-26",
    "refundable": "no",
    "cancel_before": "0",
    "cancel_after": "no",
    "change_before": "6000",
    "change_after": "no",
}


@pytest.fixture(autouse=True)
def ends() -> None:
    """What every file needs."""
    factories.airports()
    factories.family()


def csv(*rows: Mapping[str, str], columns: Any = tuple(ROW)) -> bytes:
    """A file with these rows, each as above but for its changes."""
    lines = [[{**ROW, **row}.get(name, "") for name in columns] for row in rows]
    return "\n".join(",".join(line) for line in [columns, *lines]).encode()


def refused(content: bytes) -> list[str]:
    with pytest.raises(BadFares) as caught:
        load_fares(content=content)
    assert not Fare.objects.exists()
    return [str(line) for line in caught.value.lines]


def test_a_fare_is_loaded_with_all_its_rules() -> None:
    assert load_fares(content=csv({})) == Loaded(new=1, changed=0, unchanged=0)
    fare = Fare.objects.get()
    assert str(fare) == "ARN-LHR KLIGHT"
    assert (fare.amount, fare.currency) == (7100, "EUR")
    assert (fare.child_discount, fare.infant_discount) == (25, None)
    assert (str(fare.travel_from), str(fare.travel_to), fare.sale_to) == (
        "2026-02-01",
        "2026-12-31",
        None,
    )
    assert (fare.days, fare.advance_purchase_days, fare.authorization_level) == ("12346", 21, 20)
    assert conditions_of(vars(fare)) == factories.conditions()
    assert [str(one) for one in Blackout.objects.order_by("first")] == [
        "2026-04-01 to 2026-04-01",
        "2026-12-20 to 2026-12-26",
    ]


def test_columns_that_may_be_missing_mean_that_there_is_no_such_rule() -> None:
    columns = [
        name
        for name in ROW
        if name not in {"child_discount", "infant_discount", "sale_to", "travel_to", "days"}
        and name not in {"advance_purchase_days", "blackout_dates"}
    ]
    load_fares(content=csv({}, columns=columns))
    fare = Fare.objects.get()
    assert (fare.days, fare.advance_purchase_days) == ("1234567", 0)
    assert (fare.child_discount, fare.infant_discount) == (None, None)
    assert (fare.sale_to, fare.travel_to) == (None, None)


def test_the_same_file_can_be_loaded_again() -> None:
    rows = csv({}, {"fare_basis": "YFLEX"})
    assert load_fares(content=rows) == Loaded(new=2, changed=0, unchanged=0)
    assert load_fares(content=rows) == Loaded(new=0, changed=0, unchanged=2)
    assert (Fare.objects.count(), Blackout.objects.count()) == (2, 4)


@pytest.mark.parametrize(
    ("changes", "attribute", "value"),
    [
        ({"amount": "7200"}, "amount", 7200),
        ({"refundable": "yes"}, "refundable", True),
        ({"infant_discount": "100"}, "infant_discount", 100),
    ],
)
def test_a_fare_that_is_there_becomes_what_the_file_says(
    changes: dict[str, str], attribute: str, value: Any
) -> None:
    load_fares(content=csv({}))
    before = Fare.objects.get().pk
    assert load_fares(content=csv(changes)) == Loaded(new=0, changed=1, unchanged=0)
    fare = Fare.objects.get()
    assert (fare.pk, getattr(fare, attribute)) == (before, value)
    assert Blackout.objects.count() == 2


def test_other_blackout_dates_take_the_place_of_those_before() -> None:
    load_fares(content=csv({}))
    changed = csv({"blackout_dates": "2026-05-01"})
    assert load_fares(content=changed) == Loaded(new=0, changed=1, unchanged=0)
    assert [str(one) for one in Blackout.objects.all()] == ["2026-05-01 to 2026-05-01"]


def test_fares_that_are_not_in_the_file_stay() -> None:
    load_fares(content=csv({}))
    load_fares(content=csv({"fare_basis": "YFLEX"}))
    assert Fare.objects.count() == 2


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("origin", "arn", "three capitals"),
        ("origin", "XXX", "there is no airport XXX"),
        ("destination", "", "three capitals"),
        ("destination", "ARN", "it goes to where it starts"),
        ("cabin", "COACH", "must be one of ECONOMY"),
        ("booking_class", "YY", "one capital"),
        ("fare_basis", "Y LIGHT", "Capitals and digits"),
        ("family", "CHEAP", "there is no fare family CHEAP"),
        ("family", "light", "Capitals"),
        ("amount", "-1", "must be a whole number from 0"),
        ("amount", "71.00", "must be a whole number from 0"),
        ("amount", "1000000000001", "must be a whole number from 0 to 1000000000000"),
        ("currency", "euro", "three capitals"),
        ("child_discount", "101", "must be a whole number from 0 to 100"),
        ("sale_from", "", "must be a date"),
        ("sale_from", "2026-02-30", "must be a date"),
        ("sale_from", "20260228", "must be a date"),
        ("sale_to", "2025-12-31", "sale_to is before sale_from"),
        ("travel_to", "2026-01-31", "travel_to is before travel_from"),
        ("days", "21", "The digits 1 (Monday) to 7"),
        ("days", "8", "The digits 1 (Monday) to 7"),
        ("advance_purchase_days", "366", "must be a whole number from 0 to 365"),
        ("authorization_level", "", "must be a whole number"),
        ("blackout_dates", "2026-12-26/2026-12-20", "do not end before they begin"),
        ("blackout_dates", "Christmas", "must be a date"),
        ("refundable", "1", "must be yes or no"),
        ("cancel_before", "free", "must be no, or the fee"),
        ("change_after", "", "must be no, or the fee"),
    ],
)
def test_a_bad_cell_is_named_with_its_line_and_reason(column: str, text: str, reason: str) -> None:
    [told] = refused(csv({}, {"fare_basis": "OTHER", column: text}))
    assert told.startswith("line 3: ")
    assert reason in told


def test_every_bad_line_is_named_with_all_its_bad_cells_and_nothing_is_loaded() -> None:
    rows = [{}, {"amount": "x", "days": "0"}, {"fare_basis": "YFLEX"}, {"origin": "XXX"}]
    told = refused(csv(*rows))
    assert [line.partition(":")[0] for line in told] == ["line 3", "line 5"]
    assert told[0].count(";") == 1


def test_a_fare_that_is_there_twice_is_refused() -> None:
    told = refused(csv({}, {"amount": "1"}))
    assert told == ["line 3: this is the fare of line 2 again"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "line 1: the header lacks origin, "),
        (csv({}, columns=list(ROW)[1:]), "line 1: the header lacks origin"),
        (csv({}, columns=[*ROW, "price"]), "line 1: the header has unknown columns: 'price'"),
        (csv({}, columns=[*ROW, "days"]), "line 1: the header has a column twice"),
        (csv({}) + b"\nARN,LHR", "line 3: there are 2 fields, the header has 23"),
        (csv({}) + b'\n"ARN', "line 3: this is not CSV"),
        (csv({}) + b"\n\xff", "line 3: this is not UTF-8"),
    ],
)
def test_what_is_no_fare_file_is_refused(content: bytes, reason: str) -> None:
    assert refused(content)[-1].startswith(reason)
