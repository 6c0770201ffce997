"""4: each consumer's effects are exactly the published events, once, in order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from chaos.evidence import Event, Evidence, Message, grouped
from chaos.invariants.violation import Finding

# Who reads a service's events: service and consumer.
CONSUMERS: Final = {
    "booking": (("payment", "bookings"), ("fare", "bookings"), ("notification", "bookings")),
    "payment": (("booking", "payments"),),
    "fare": (("booking", "fares"),),
}
NOTIFIED: Final = frozenset(
    {
        "ReservationConfirmed",
        "ReservationRejected",
        "ReservationExpired",
        "ReservationCanceled",
        "ReservationChanged",
        "ReservationChangeRejected",
        "TicketsIssued",
    }
)
ASKS_PAYMENT: Final = frozenset(
    {
        "PaymentAuthorizeRequested",
        "PaymentCaptureRequested",
        "PaymentVoidRequested",
        "PaymentRefundRequested",
    }
)
OPEN: Final = ("REQUESTED", "UNKNOWN")


def findings(evidence: Evidence) -> Iterator[Finding]:
    """From the outbox to the topic, from there to the marks, and what was done about it."""
    messages = grouped(evidence.messages, lambda one: (one.topic.split(".")[0], one.key))
    marks = {(one.service, one.consumer, one.key): one.sequence for one in evidence.marks}
    for (service, key), events in evidence.events_of.items():
        yield from _numbered(service, key, events)
        yield from _published(key, events, messages.get((service, key), []))
        for reader, consumer in CONSUMERS[service]:
            if marks.get((reader, consumer, key), 0) != (last := events[-1].sequence):
                at = marks.get((reader, consumer, key), 0)
                yield Finding(key, f"{reader}'s {consumer} is at {at} of {service}'s {last} events")
    for service, key in messages.keys() - evidence.events_of.keys():
        yield Finding(key, f"is on {service}'s topic, and in no outbox")
    yield from _operations(evidence)
    yield from _answers(evidence)
    yield from _quotes(evidence)
    yield from _charges(evidence)
    yield from _deliveries(evidence)


def _numbered(service: str, key: str, events: Sequence[Event]) -> Iterator[Finding]:
    numbers = [event.sequence for event in events]
    if numbers != list(range(1, len(events) + 1)):
        yield Finding(key, f"{service}'s events are numbered {numbers}")


def _published(key: str, events: Sequence[Event], found: Sequence[Message]) -> Iterator[Finding]:
    """The topic has what the outbox has; the first occurrences are in order, in one partition."""
    first: dict[str, Message] = {}
    for message in sorted(found, key=lambda one: (one.partition, one.offset)):
        first.setdefault(message.id, message)
    stored = {event.id: event for event in events}
    for missing in stored.keys() - first.keys():
        yield Finding(key, f"{stored[missing].name} is not on the topic")
    for extra in first.keys() - stored.keys():
        yield Finding(key, f"{first[extra].type} {extra} is on the topic, and in no outbox")
    for event in events:
        if event.state != "PUBLISHED":
            yield Finding(key, f"{event.name} is {event.state} in the outbox")
    if len({message.partition for message in found}) > 1:
        yield Finding(key, "is on two partitions")
    for before, after in pairwise(first.values()):
        if after.sequence < before.sequence:
            yield Finding(key, f"{after.type} came first after {before.type}")


def _operations(evidence: Evidence) -> Iterator[Finding]:
    """payment has recorded what booking has asked for, once, in that order."""
    recorded = grouped(evidence.operations, lambda one: one.reservation)
    for (service, key), events in evidence.events_of.items():
        if service != "booking":
            continue
        asked = dict.fromkeys(
            event.json()["operation_number"] for event in events if event.name in ASKS_PAYMENT
        )
        rows = sorted(recorded.pop(key, []), key=lambda one: one.order)
        if (done := [one.number for one in rows]) != list(asked):
            yield Finding(key, f"asked for operations {list(asked)}, payment recorded {done}")
    for key in recorded:
        yield Finding(key, "payment has operations that booking has not asked for")


def _answers(evidence: Evidence) -> Iterator[Finding]:
    """payment has told booking of each operation that has its answer, once."""
    told = Counter(
        (event.key, event.json()["operation_number"])
        for event in evidence.events
        if event.service == "payment"
    )
    for operation in evidence.operations:
        wanted = int(operation.status not in OPEN)
        if (times := told[operation.reservation, operation.number]) != wanted:
            yield Finding(
                operation.reservation,
                f"{operation.kind} {operation.number} {operation.status}: told {times} times",
            )


def _quotes(evidence: Evidence) -> Iterator[Finding]:
    """fare has answered every question once."""
    for (service, key), events in evidence.events_of.items():
        if service == "booking":
            asked = [
                event.json()["saga_id"] for event in events if event.name == "FareQuoteRequested"
            ]
            answers = evidence.events_of.get(("fare", key), [])
            answered = [event.json()["saga_id"] for event in answers]
            if answered != asked:
                yield Finding(key, f"asked fare {len(asked)} times, answered {len(answered)} times")


def _charges(evidence: Evidence) -> Iterator[Finding]:
    """The sagas have counted what payment has told them, once."""
    sagas = grouped(evidence.sagas, lambda one: one.reservation)
    for reservation in evidence.reservations:
        key, rows = reservation.id, sagas.get(reservation.id, [])
        told = evidence.events_of.get(("payment", key), [])
        for name, counted in (
            ("PaymentCaptured", sum(row.captured for row in rows)),
            ("PaymentRefunded", sum(row.refunded for row in rows)),
        ):
            said = sum(event.json()["amount"] for event in told if event.name == name)
            if said != counted:
                yield Finding(key, f"{name} said {said}, the sagas counted {counted}")


def _deliveries(evidence: Evidence) -> Iterator[Finding]:
    """notification has recorded a message about each event, for each recipient."""
    contacts = {one.reservation: one.recipients for one in evidence.contacts}
    wanted = {
        (event.key, event.id, recipient)
        for event in evidence.events
        if event.service == "booking" and event.name in NOTIFIED
        for recipient in contacts.get(event.key, ("contact",))
    }
    found = {(one.reservation, one.event, one.recipient) for one in evidence.deliveries}
    for key, event, recipient in sorted(wanted - found):
        yield Finding(key, f"no message about {event} to {recipient}")
    for key, event, recipient in sorted(found - wanted):
        yield Finding(key, f"a message to {recipient} about {event}, which is no such event")
