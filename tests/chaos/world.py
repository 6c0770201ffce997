"""A small run in which everything went as it must: what the checker has no complaint about.

Three reservations: one is bought, one is bought and canceled for a charge, one is declined. The
database was killed meanwhile, and came back.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from chaos.evidence import (
    Attempt,
    Booked,
    Contact,
    Delivery,
    Event,
    Evidence,
    Fault,
    Mail,
    Mark,
    Message,
    Operation,
    Payment,
    Process,
    Request,
    Reservation,
    Saga,
    Seat,
    TimelineEntry,
)
from chaos.invariants.effects import CONSUMERS, NOTIFIED

DEPARTURE: Final = "ZQ1001 2026-12-24"
BOUGHT, CANCELED, DECLINED = "bought", "canceled", "declined"
PRICE, CHARGE = 10_000, 3_000
BEGUN, BROKEN, MENDED, HEALTHY = 1_000.0, 1_010.0, 1_015.0, 1_020.0

SUMMARY: Final = {
    "itinerary": {"carrier": "ZQ", "flight_number": 1001, "departure_date": "2026-12-24"}
}


def _summary(seat: str) -> dict[str, Any]:
    return {"reservation": {**SUMMARY, "passengers": [{"seat": {"number": seat}}]}}


def _operation(number: int, **more: Any) -> dict[str, Any]:
    return {"saga_id": "buying", "operation_number": number, **more}


CREATED: Final = [("FareQuoteRequested", {"saga_id": "buying"}), ("PassengerContactGiven", {})]
PAID: Final = [("PaymentAuthorizeRequested", _operation(1))]
SOLD: Final = [("PaymentCaptureRequested", _operation(2))]
REFUND: Final = ("PaymentRefundRequested", {"saga_id": "canceling", "operation_number": 3})

# What booking says of each, in its order.
TOLD: Final[Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]] = {
    BOUGHT: [
        ("ReservationCreated", _summary("12A")),
        *(*CREATED, *PAID),
        ("ReservationConfirmed", _summary("12A")),
        *SOLD,
        ("TicketsIssued", _summary("12A")),
    ],
    CANCELED: [
        ("ReservationCreated", _summary("12B")),
        *(*CREATED, *PAID),
        ("ReservationConfirmed", _summary("12B")),
        *SOLD,
        ("TicketsIssued", _summary("12B")),
        REFUND,
        ("ReservationCanceled", {**_summary("12B"), "settlement": {"charged": CHARGE}}),
    ],
    DECLINED: [
        ("ReservationCreated", _summary("12C")),
        *(*CREATED, *PAID),
        ("ReservationRejected", _summary("12C")),
    ],
}
ANSWERED: Final[Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]]] = {
    BOUGHT: [
        ("PaymentAuthorized", _operation(1, amount=PRICE)),
        ("PaymentCaptured", _operation(2, amount=PRICE)),
    ],
    CANCELED: [
        ("PaymentAuthorized", _operation(1, amount=PRICE)),
        ("PaymentCaptured", _operation(2, amount=PRICE)),
        ("PaymentRefunded", _operation(3, amount=PRICE - CHARGE)),
    ],
    DECLINED: [("PaymentDeclined", _operation(1))],
}
QUOTED: Final = {key: [("FareQuoted", {"saga_id": "buying"})] for key in TOLD}


def _events() -> Iterator[Event]:
    for service, said in (("booking", TOLD), ("payment", ANSWERED), ("fare", QUOTED)):
        order = 0
        for key, events in said.items():
            for sequence, (name, payload) in enumerate(events, 1):
                order += 1
                yield Event(
                    service=service,
                    order=order,
                    id=f"{service}/{key}/{sequence}",
                    key=key,
                    sequence=sequence,
                    type=f"{service}.{name}.v1",
                    state="PUBLISHED",
                    payload=json.dumps(payload),
                )


def _message(offset: int, event: Event) -> Message:
    topic = f"{event.service}.events"
    return Message(topic, 0, offset, event.id, event.key, event.sequence, event.type)


def _marks(events: Sequence[Event]) -> Iterator[Mark]:
    for source, consumers in CONSUMERS.items():
        for key in TOLD:
            last = max(one.sequence for one in events if (one.service, one.key) == (source, key))
            for service, consumer in consumers:
                yield Mark(service, consumer, source, key, last)


def _operations() -> Iterator[tuple[Operation, Booked]]:
    kinds = [("AUTHORIZE", PRICE), ("CAPTURE", PRICE), ("REFUND", PRICE - CHARGE)]
    for key, events in ANSWERED.items():
        for number, (kind, amount) in enumerate(kinds[: len(events)], 1):
            declined = "card_declined" if key == DECLINED else ""
            reference, status = f"{key}-{number}", "FAILED" if declined else "SUCCEEDED"
            told = "" if declined else reference
            yield (
                Operation(key, number, number, kind, status, amount, "EUR", told),
                Booked(f"{key}:{number}", kind, reference, f"{key}-1", amount, "EUR", declined),
            )


def _requests() -> Iterator[Request]:
    for number, key in enumerate(TOLD, 1):
        answer = Attempt(BEGUN, BEGUN + 0.1, 201, json.dumps({"id": key}))
        lost = Attempt(BROKEN, BROKEN + 1, 503, "the database is away")
        yield Request(1, "single", "reserve", number, key, (lost, answer, answer))
    done = Attempt(BEGUN + 5, BEGUN + 5.1, 200, json.dumps({"id": CANCELED}))
    yield Request(1, "cancelation", "cancel", 2, CANCELED, (done,), agreed=CHARGE)


def _sagas() -> Iterator[Saga]:
    yield Saga(BOUGHT, "BUYING", "DONE", False, False, PRICE, 0)
    yield Saga(CANCELED, "BUYING", "DONE", False, False, PRICE, PRICE - CHARGE)
    yield Saga(CANCELED, "CANCELING", "COMPENSATED", False, False, 0, 0)
    yield Saga(DECLINED, "BUYING", "COMPENSATED", False, False, 0, 0)


def _reservation(number: int, key: str, seat: str, status: str) -> Reservation:
    return Reservation(key, number, status, PRICE, "EUR", DEPARTURE, (seat,), BEGUN + 60, BEGUN + 9)


def _delivery(event: Event) -> Delivery:
    return Delivery(f"mail of {event.id}", event.id, event.type, event.key, "contact", "SENT")


def a_run() -> Evidence:
    """The run."""
    events = list(_events())
    deliveries = [_delivery(event) for event in events if event.name in NOTIFIED]
    operations, books = zip(*_operations(), strict=True)
    return Evidence(
        seed=1,
        duration=30,
        requests=list(_requests()),
        faults=[Fault("kill mariadb", "mariadb", BROKEN, MENDED, HEALTHY)],
        reservations=[
            _reservation(1, BOUGHT, "12A", "CONFIRMED"),
            _reservation(2, CANCELED, "12B", "CANCELED"),
            _reservation(3, DECLINED, "12C", "REJECTED"),
        ],
        seats=[Seat(DEPARTURE, "12A", "SOLD", BOUGHT)],
        sagas=list(_sagas()),
        timeline=[TimelineEntry(BOUGHT, "confirmed", "card authorized, seat 12A sold")],
        events=events,
        messages=[_message(offset, event) for offset, event in enumerate(events)],
        marks=list(_marks(events)),
        payments=[Payment(BOUGHT, PRICE, 0), Payment(CANCELED, PRICE, PRICE - CHARGE)],
        operations=operations,
        books=books,
        deliveries=deliveries,
        contacts=[Contact(key, ("contact",)) for key in TOLD],
        mails=[Mail(one.id, f"{one.reservation}@example.test", BEGUN + 8) for one in deliveries],
        processes=[Process("kafka", "RUNNING", True)],
    )


def changed(collection: str, which: int, **changes: Any) -> Evidence:
    """The run, with one row of it otherwise."""
    rows = list(getattr(a_run(), collection))
    rows[which] = replace(rows[which], **changes)
    return _with(collection, rows)


def without(collection: str, which: int) -> Evidence:
    """The run, with one row of it missing."""
    rows = list(getattr(a_run(), collection))
    del rows[which]
    return _with(collection, rows)


def besides(collection: str, *more: Any) -> Evidence:
    """The run, with more rows."""
    return _with(collection, [*getattr(a_run(), collection), *more])


def _with(collection: str, rows: list[Any]) -> Evidence:
    others: dict[str, Any] = {collection: rows}
    return replace(a_run(), **others)


def position(collection: str, **looks: Any) -> int:
    """Which row of a collection looks like that."""
    rows = getattr(a_run(), collection)
    [found] = [
        number
        for number, row in enumerate(rows)
        if all(getattr(row, name) == value for name, value in looks.items())
    ]
    return found
