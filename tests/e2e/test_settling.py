"""Quote, then confirm, on real services: the amounts in booking, payment and fare agree."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.client import Answer, Browser
from tests.e2e.system import System

TODAY: Final = datetime.now(UTC).date()
BOUGHT, DEAR, CHEAP = (TODAY + timedelta(days=ahead) for ahead in (21, 22, 23))
CHANGE_FEE, CANCEL_FEE = 2000, 2500
# What fares of their own cost on the two other days, before taxes and charges.
AMOUNTS: Final = {DEAR: 40000, CHEAP: 1000}
FAMILY: Final = "SETTLING"
CONDITIONS: Final = {
    "refundable": True,
    "cancel_before_departure": {"allowed": True, "fee": CANCEL_FEE},
    "cancel_after_departure": {"allowed": False},
    "change_before_departure": {"allowed": True, "fee": CHANGE_FEE},
    "change_after_departure": {"allowed": False},
}


@pytest.fixture
def fares(system: System, tmp_path: Path) -> None:
    """A fare family that is dear on one day, and cheap on the next."""
    family = f"code='{FAMILY}', defaults={{'name': 'Settling'}}"
    system.manage(
        "fare",
        "shell",
        "--command",
        f"from fare.models import FareFamily; FareFamily.objects.get_or_create({family})",
    )
    (tmp_path / "fares.csv").write_text(fare_file())
    system.manage("fare", "load_fares", str(tmp_path / "fares.csv"))


def fare_file() -> str:
    rows = [
        {
            **{"origin": "ARN", "destination": "LHR", "cabin": "ECONOMY", "family": FAMILY},
            **{"booking_class": "S", "fare_basis": f"S{day:%m%d}", "amount": str(amount)},
            **{"currency": "EUR", "child_discount": "", "infant_discount": ""},
            **{"sale_from": "2020-01-01", "sale_to": "", "days": "1234567"},
            **{"travel_from": str(day), "travel_to": str(day), "advance_purchase_days": "0"},
            **{"authorization_level": "9", "blackout_dates": "", "refundable": "yes"},
            **{"cancel_before": str(CANCEL_FEE), "cancel_after": "no"},
            **{"change_before": str(CHANGE_FEE), "change_after": "no"},
        }
        for day, amount in AMOUNTS.items()
    ]
    return "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)])


def bought(system: System, seat: str) -> Any:
    """A reservation with its tickets, at the price of such a fare."""
    made = system.reserve(departure_date=BOUGHT.isoformat(), seat_number=seat)
    amount = system.wait_for(made, "CONFIRMED")["amount"]
    system.wait_for_tickets(made)
    price = {
        "total": amount,
        "currency": "EUR",
        "lines": [{"kind": "BASE", "code": "FARE", "amount": amount}],
        "fare_basis": "SETTLED",
        "fare_family": FAMILY,
        "conditions": CONDITIONS,
    }
    stored = json.dumps(json.dumps(price))
    system.manage(
        "booking",
        "shell",
        "--command",
        "import json; from booking.models import Reservation; "
        f"Reservation.objects.filter(pk='{made}').update(quoted_price=json.loads({stored}))",
    )
    return look(system, made)


def look(system: System, reservation_id: str) -> Any:
    return Browser().get(f"{system.gateway}/api/reservations/{reservation_id}").json


def post(system: System, made: Any, what: str, **body: Any) -> Answer:
    url = f"{system.gateway}/api/reservations/{made['id']}/{what}"
    return Browser().post_json(url, body, if_match="*")


def quote(system: System, made: Any, day: date) -> Any:
    answer = post(system, made, "change-quotes", departure_date=day.isoformat())
    assert answer.status == 200, answer.text
    return answer.json


def assert_settled(system: System, made: Any, kept: int) -> None:
    """Booking, payment and the processor's own books say the same."""
    system.wait_until(lambda: owed(system, made), lambda amount: amount == kept)
    payment = system.payment_of(made["id"])
    assert {one["status"] for one in payment["operations"]} == {"SUCCEEDED"}
    assert payment["captured_amount"] - payment["refunded_amount"] == kept
    books = system.books(made["id"])
    assert books["CAPTURE"] - books.get("REFUND", 0) == kept


def owed(system: System, made: Any) -> int | None:
    """What payment reconciles with, as booking's events have told it."""
    told = system.manage(
        "payment",
        "shell",
        "--command",
        "from payment.models import Payment; "
        f"print(Payment.objects.get(pk='{made['id']}').owed_amount)",
    )
    last = told.strip().splitlines()[-1]
    return None if last == "None" else int(last)


def test_a_reservation_is_changed_to_a_dearer_then_a_cheaper_departure_and_canceled_as_quoted(
    system: System, fares: None
) -> None:
    made = bought(system, "22A")
    dearer = quote(system, made, DEAR)
    assert dearer["charged"] == dearer["difference"] + CHANGE_FEE > CHANGE_FEE
    assert dearer["price"]["total"] == made["amount"] + dearer["charged"]
    changed = post(system, made, "change", quote_id=dearer["quote_id"])
    assert (changed.status, changed.json["departure_date"]) == (202, BOUGHT.isoformat())
    system.wait_for_entry(made["id"], "changed")
    there = look(system, made["id"])
    assert there["departure_date"] == DEAR.isoformat()
    assert there["amount"] == dearer["price"]["total"]
    assert_settled(system, made, there["amount"])

    cheaper = quote(system, made, CHEAP)
    assert cheaper["refunded"] == -cheaper["difference"] - CHANGE_FEE > dearer["charged"]
    changed = post(system, made, "change", quote_id=cheaper["quote_id"])
    assert (changed.status, changed.json["departure_date"]) == (200, CHEAP.isoformat())
    # More than the last charge: what is left is given back of the one before.
    system.wait_for_entry(made["id"], "refunded")
    wait_for_refunds(system, made, 2)
    left = look(system, made["id"])["amount"]
    assert left == there["amount"] - cheaper["refunded"] == cheaper["price"]["total"]
    assert_settled(system, made, left)

    canceling = post(system, made, "cancelation-quotes").json
    assert canceling["charged"] + canceling["refunded"] == left
    ended = post(system, made, "cancelation", quote_id=canceling["quote_id"])
    assert (ended.status, ended.json["status"]) == (200, "CANCELED"), ended.text
    if canceling["refunded"]:
        wait_for_refunds(system, made, 3)
    assert_settled(system, made, canceling["charged"])


def wait_for_refunds(system: System, made: Any, count: int) -> None:
    """Wait until so many are told in the timeline."""
    system.wait_until(
        lambda: [entry for entry, _ in system.timeline(made["id"])].count("refunded"),
        lambda told: told >= count,
    )


def test_a_change_that_the_card_declines_leaves_the_reservation_as_it_was(
    system: System, fares: None
) -> None:
    made = bought(system, "22B")
    told = quote(system, made, DEAR)
    body = {"quote_id": told["quote_id"], "payment_token": "tok_decline"}
    assert post(system, made, "change", **body).status == 202
    system.wait_for_entry(made["id"], "change rejected")
    there = look(system, made["id"])
    facts = ("status", "departure_date", "seat_number", "amount")
    assert [there[name] for name in facts] == [made[name] for name in facts]
    payment = system.payment_of(made["id"])
    assert payment["captured_amount"] - payment["refunded_amount"] == made["amount"]


def test_without_fare_nothing_is_quoted_and_what_was_quoted_can_still_be_confirmed(
    system: System, fares: None
) -> None:
    made = bought(system, "22C")
    told = post(system, made, "cancelation-quotes").json
    with system.stopped("fare"):
        for what, body in (
            ("cancelation-quotes", {}),
            ("change-quotes", {"departure_date": DEAR.isoformat()}),
        ):
            answer = post(system, made, what, **body)
            assert (answer.status, answer.json["type"].rpartition(":")[2]) == (
                503,
                "fare-unavailable",
            )
            assert int(answer.headers["Retry-After"]) > 0
        ended = post(system, made, "cancelation", quote_id=told["quote_id"])
        assert (ended.status, ended.json["status"]) == (200, "CANCELED")
    wait_for_refunds(system, made, 1)
    assert_settled(system, made, told["charged"])
