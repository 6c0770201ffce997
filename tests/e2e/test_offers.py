"""What flying costs, asked through the gateway of fare, which asks booking."""

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from django.core import signing

from contracts.offers import SALT, Offer
from dev.bootstrap import ROOT
from tests.e2e.client import Answer, Browser, reserve
from tests.e2e.system import System


def a_day_without_blackouts() -> date:
    """Some days ahead, on which all of the demonstration's families are sold."""
    with (ROOT / "fare" / "fixtures" / "fares.csv").open() as file:
        ranges = {one for row in csv.DictReader(file) for one in row["blackout_dates"].split()}
    closed = [tuple(map(date.fromisoformat, one.split("/"))) for one in ranges]
    days = (datetime.now(UTC).date() + timedelta(days=ahead) for ahead in range(9, 28))
    return next(day for day in days if not any(first <= day <= last for first, last in closed))


DAY: Final = a_day_without_blackouts()
OTHER_DAYS: Final = "1234567".replace(str(DAY.isoweekday()), "")
# The key that TRIAL signs with, where no other is given.
KEY: Final = "trial-only-this-is-no-secret"


def ask(system: System, **changes: Any) -> Answer:
    body = {
        "origin": "ARN",
        "destination": "LHR",
        "departure_date": DAY.isoformat(),
        "passengers": [{"passenger_id": 1}],
        **changes,
    }
    return Browser().post_json(f"{system.gateway}/api/offers", body)


def test_a_customer_is_offered_three_families_and_what_is_taken_is_offered_no_more(
    system: System,
) -> None:
    answer = ask(system, passengers=[{"passenger_id": 1, "seat_number": "21C"}])
    assert answer.status == 200, answer.text
    offers = answer.json["results"]
    assert [offer["fare_family"] for offer in offers] == ["LIGHT", "STANDARD", "FLEX"]
    for offer in offers:
        assert offer["price"]["total"] == sum(one["amount"] for one in offer["price"]["lines"])
        told = msgspec.convert(signing.loads(offer["offer_id"], key=KEY, salt=SALT), Offer)
        assert told.price == msgspec.convert(offer["price"], type(told.price))

    made = reserve(system.gateway, departure_date=DAY.isoformat(), seat_number="21C")
    assert made.status == 201, made.text
    taken = ask(system, passengers=[{"passenger_id": 1, "seat_number": "21C"}])
    assert (taken.status, problem(taken)) == (409, "seat-unavailable")
    system.wait_for(made.json["id"], "CONFIRMED")


# Fares that are never sold, each in a class of its own, for the rule that keeps it from it.
FARE: Final = {
    **{"origin": "ARN", "destination": "LHR", "cabin": "ECONOMY", "family": "LIGHT"},
    **{"amount": "999900", "currency": "EUR", "child_discount": "25", "infant_discount": "90"},
    **{"sale_from": "2020-01-01", "sale_to": "", "travel_from": "2020-01-01", "travel_to": ""},
    **{"days": "1234567", "advance_purchase_days": "0", "authorization_level": "9"},
    **{"blackout_dates": "", "refundable": "no", "cancel_before": "no", "cancel_after": "no"},
    **{"change_before": "no", "change_after": "no"},
}
UNSOLD: Final[Mapping[str, dict[str, str]]] = {
    "A": {"child_discount": ""},
    "B": {"blackout_dates": f"{DAY}/{DAY}"},
    "D": {"days": OTHER_DAYS},
    "E": {"authorization_level": "0"},
    "F": {"sale_to": "2020-12-31"},
    "G": {"travel_to": "2020-12-31"},
    "H": {"advance_purchase_days": "365"},
}


def fare_file() -> str:
    rows = [
        {**FARE, "booking_class": name, "fare_basis": f"{name}E2E", **changes}
        for name, changes in UNSOLD.items()
    ]
    return "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)])


def problem(answer: Answer) -> str:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    return str(answer.json["type"]).rpartition(":")[2]


CHILD: Final = [{"passenger_id": 1, "type": "CHILD"}]
SENIOR: Final = [{"passenger_id": 1, "type": "SENIOR"}]


def test_each_rule_refuses_by_its_own_name(system: System, tmp_path: Path) -> None:
    (tmp_path / "fares.csv").write_text(fare_file())
    system.manage("fare", "load_fares", str(tmp_path / "fares.csv"))
    asked: list[tuple[dict[str, Any], int, str]] = [
        ({"booking_class": "A", "passengers": CHILD}, 409, "passenger-type-refused"),
        ({"booking_class": "B"}, 409, "blackout-date"),
        ({"booking_class": "D"}, 409, "day-of-week"),
        ({"booking_class": "E"}, 409, "class-closed"),
        ({"booking_class": "F"}, 409, "not-on-sale"),
        ({"booking_class": "G"}, 409, "travel-dates"),
        ({"booking_class": "H"}, 409, "advance-purchase"),
        ({"booking_class": "Z"}, 404, "no-fare"),
        ({"destination": "ARN", "origin": "BMA"}, 404, "no-fare"),
        ({"currency": "SEK"}, 409, "currency-mismatch"),
        ({"passengers": SENIOR}, 400, "unknown-passenger-type"),
        ({"passengers": []}, 400, "invalid-request"),
    ]
    for changes, status, name in asked:
        answer = ask(system, **changes)
        assert (answer.status, problem(answer)) == (status, name), answer.text


def test_without_booking_no_price_is_made_up(system: System) -> None:
    with system.stopped("booking"):
        answer = ask(system)
        assert (answer.status, problem(answer)) == (503, "booking-unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert ask(system).status == 200


@pytest.mark.parametrize("path", ["cancelation-quotes", "change-quotes", "quotes"])
def test_what_booking_alone_may_ask_is_not_behind_the_door(system: System, path: str) -> None:
    assert Browser().post_json(f"{system.gateway}/api/{path}", {}).status == 404
    assert Browser().get(f"{system.fare}/health/ready").status == 200


def test_nothing_departs_on_a_day_that_is_not_planned(system: System) -> None:
    answer = ask(system, departure_date=date(2099, 1, 1).isoformat())
    assert (answer.status, answer.json) == (200, {"results": []})
