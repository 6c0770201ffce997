"""A reservation's whole story, for whoever has to find out what went wrong with it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from chaos.evidence import Attempt, Evidence, Request

LONGEST_LINE: Final = 160


def story(evidence: Evidence, key: str) -> Iterator[str]:
    """What its client asked, what was stored, published, done with the card and sent, in lines."""
    yield f"reservation {key}"
    for one in evidence.reservations:
        if one.id == key:
            yield f"  {one.status} {one.amount} {one.currency}, {one.departure} {one.seats}"
    yield from _part("asked", chain.from_iterable(map(_asked, _requests(evidence, key))))
    yield from _part(
        "timeline",
        (f"{one.entry}: {one.detail}" for one in evidence.timeline if one.reservation == key),
    )
    yield from _part("sagas", _sagas(evidence, key))
    for service in ("booking", "fare", "payment"):
        yield from _part(f"{service}'s outbox", _events(evidence, service, key))
    yield from _part("topics", _messages(evidence, key))
    yield from _part(
        "marks",
        (
            f"{one.service} {one.consumer} ← {one.source}: {one.sequence}"
            for one in evidence.marks
            if one.key == key
        ),
    )
    yield from _part("operations", _operations(evidence, key))
    yield from _part("the processor's books", _booked(evidence, key))
    yield from _part("deliveries", _deliveries(evidence, key))


def _part(name: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"  {name}"
    yield from (f"    {line[:LONGEST_LINE]}" for line in lines)


def _requests(evidence: Evidence, key: str) -> Iterator[Request]:
    numbers = {one.number for one in evidence.reservations if one.id == key}
    for request in evidence.requests:
        if request.reservation == key or (request.what == "reserve" and request.number in numbers):
            yield request


def _asked(request: Request) -> Iterator[str]:
    yield f"{request.what} ({request.scenario}, client {request.client}) {request.asked}"
    for attempt in request.attempts:
        yield f"  {_clock(attempt.begun)} {_took(attempt)} {attempt.status} {attempt.text}"


def _sagas(evidence: Evidence, key: str) -> Iterator[str]:
    for one in evidence.sagas:
        if one.reservation == key:
            state = " stuck" * one.is_stuck + " live" * one.is_live
            yield f"{one.kind} {one.step}{state}: {one.captured} charged, {one.refunded} back"


def _events(evidence: Evidence, service: str, key: str) -> Iterator[str]:
    for one in evidence.events_of.get((service, key), []):
        yield f"#{one.sequence} {one.name} {one.state} {one.payload}"


def _messages(evidence: Evidence, key: str) -> Iterator[str]:
    for one in evidence.messages:
        if one.key == key:
            yield f"{one.topic}/{one.partition}@{one.offset} #{one.sequence} {one.type}"


def _operations(evidence: Evidence, key: str) -> Iterator[str]:
    for one in evidence.operations:
        if one.reservation == key:
            yield f"#{one.number} {one.kind} {one.amount} {one.currency} {one.status}"


def _booked(evidence: Evidence, key: str) -> Iterator[str]:
    for one in evidence.books:
        if one.reservation == key:
            yield f"{one.key} {one.kind} {one.amount} {one.currency} {one.declined or 'approved'}"


def _deliveries(evidence: Evidence, key: str) -> Iterator[str]:
    for one in evidence.deliveries:
        if one.reservation == key:
            came = [_clock(mail.at) for mail in evidence.mails if mail.delivery == one.id]
            yield f"{one.event_type} to {one.recipient} {one.status}, came {' and '.join(came)}"


def _clock(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%H:%M:%S.%f}"[:-3]


def _took(attempt: Attempt) -> str:
    return f"{attempt.ended - attempt.begun:.2f}s"
