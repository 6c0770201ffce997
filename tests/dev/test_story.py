"""The reservation's way is told in the order in which it happened."""

from typing import Any

from dev.story import from_history, from_operations, from_timeline, told

TIMELINE = [
    {"at": "2026-11-23T08:00:00.000000+00:00", "entry": "created", "detail": "seat 12A held"},
    {"at": "2026-11-23T08:00:00.250000Z", "entry": "confirmed", "detail": ""},
]
HISTORY: list[dict[str, Any]] = [
    {"type": "payment.PaymentAuthorized.v1", "published_at": "2026-11-23T08:00:00.012000+00:00"},
    {"type": "payment.PaymentCaptured.v1", "published_at": None},
]


def test_steps_of_both_services_are_merged_by_their_time() -> None:
    lines = told(from_timeline("booking", TIMELINE) + from_history("payment", HISTORY))
    assert [line.split(maxsplit=2) for line in lines] == [
        ["+0", "ms", "booking  created: seat 12A held"],
        ["+12", "ms", "payment  PaymentAuthorized published"],
        ["+250", "ms", "booking  confirmed"],
    ]


def test_what_payment_did_is_part_of_the_story() -> None:
    operation = {
        "kind": "AUTHORIZE",
        "status": "SUCCEEDED",
        "processor_reference": "sim_1",
        "requested_at": "2026-11-23T08:00:00.010Z",
        "completed_at": "2026-11-23T08:00:00.030Z",
    }
    open_one = {**operation, "completed_at": None}
    assert [step.text for step in from_operations("payment", [operation, open_one])] == [
        "authorize recorded, committed",
        "authorize succeeded: sim_1",
        "authorize recorded, committed",
    ]


def test_what_was_published_at_one_moment_stays_in_its_order() -> None:
    at = "2026-11-23T08:00:00+00:00"
    names = ["ReservationCreated", "PassengerContactGiven"]
    rows = [{"type": f"booking.{name}.v1", "published_at": at} for name in names]
    assert [line.split()[3] for line in told(from_history("booking", rows))] == names
