"""Appending events to the outbox, inside the caller's transaction."""

from typing import Final

from django.db import connections, router
from django.db.models import F, QuerySet
from django.utils import timezone

from outbox import registry
from outbox.conf import options
from outbox.models import EventSource, OutboxEvent, shard_of
from outbox.nudge import nudge_on_commit
from outbox.registry import ContractViolation, Payload
from outbox.tracing import traceparent
from outbox.transactions import LostRace

RELAY: Final = "relay"


class OutsideTransaction(RuntimeError):
    """An event was to be appended where no transaction could take it back."""


def append(source: EventSource, *payloads: Payload) -> list[OutboxEvent]:
    """Store events of an aggregate, to be published if and only if the transaction commits.

    The aggregate's `event_sequence` is raised by a compare-and-set, which also locks its row: the
    order of the sequence is the order of the commits. An aggregate that has not been saved yet is
    numbered in memory; its INSERT, in the same transaction, carries the number.

    Args:
        source: the aggregate; its primary key is the events' key.
        payloads: the events, in order.

    Returns:
        The stored rows.

    Raises:
        OutsideTransaction: there is no transaction.
        UnknownEvent, ContractViolation: a payload is not what its contract says, or too large.
        LostRace: somebody else has appended to this aggregate since it was read.
    """
    if not connections[router.db_for_write(OutboxEvent)].in_atomic_block:
        raise OutsideTransaction("outbox.append needs a transaction: use unit_of_work or atomic")
    if source.pk is None:
        raise ValueError(
            f"{source!r} has no key yet: its primary key must be set before it is saved"
        )
    encoded = [_encode(payload) for payload in payloads]
    first = source.event_sequence + 1
    _raise_sequence(source, len(payloads))
    key, now, trace = str(source.pk), timezone.now(), traceparent()
    nudge_on_commit(RELAY)
    return OutboxEvent.objects.bulk_create(
        OutboxEvent(
            shard=shard_of(key),
            topic=payload.topic,
            type=payload.type,
            key=key,
            sequence=sequence,
            payload=text,
            traceparent=trace,
            created_at=now,
        )
        for sequence, (payload, text) in enumerate(zip(payloads, encoded, strict=True), first)
    )


def _encode(payload: Payload) -> str:
    text = registry.encode(payload)
    size, limit = len(text.encode()), options().max_payload_bytes
    if size > limit:
        raise ContractViolation(f"{payload.type}: {size} bytes, at most {limit} are allowed")
    return text


def _raise_sequence(source: EventSource, count: int) -> None:
    if not source._state.adding:
        raised = type(source)._default_manager.filter(
            pk=source.pk, event_sequence=source.event_sequence
        )
        if raised.update(event_sequence=F("event_sequence") + count) == 0:
            raise LostRace(f"{source!r} has events that were appended since it was read")
    source.event_sequence += count


def history(key: str) -> QuerySet[OutboxEvent]:
    """What this service has appended for a key, in order."""
    return OutboxEvent.objects.filter(key=key).order_by("sequence")
