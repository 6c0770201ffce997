"""Appending events to the outbox, inside the caller's transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from django.db import connections, router
from django.db.models import QuerySet
from django.utils import timezone

from outbox import registry
from outbox.conf import options
from outbox.inserts import insert_later
from outbox.models import EventSource, OutboxEvent, shard_of
from outbox.nudge import nudge_on_commit
from outbox.prepared import Update, argument, arguments, numbered
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
        The stored rows, without the numbers that the database has given them.

    Raises:
        OutsideTransaction: there is no transaction.
        UnknownEvent, ContractViolation: a payload is not what its contract says, or too large.
        ValueError: the aggregate has no primary key yet.
        LostRace: somebody else has appended to this aggregate since it was read. On a connection
            with a pipeline (`outbox.pipeline`) the next statement or the COMMIT raises it.
    """
    return append_batch((source, payload) for payload in payloads)


def append_batch(events: Iterable[tuple[EventSource, Payload]]) -> list[OutboxEvent]:
    """Store events of many aggregates at once, as `append` does for one.

    They go in with one INSERT, and aggregates with the same number of events are raised by one
    UPDATE: what a batch costs hardly grows with it.

    Args:
        events: an aggregate and an event of it, in order; each aggregate as one instance.

    Returns:
        The same, in the same order.

    Raises:
        OutsideTransaction, UnknownEvent, ContractViolation, LostRace: as `append`; nothing of the
            batch is stored then.
    """
    connection = connections[router.db_for_write(OutboxEvent)]
    if not connection.in_atomic_block:
        raise OutsideTransaction("outbox.append needs a transaction: use unit_of_work or atomic")
    most = options().max_payload_bytes
    encoded = [
        (source, _key(source), payload, _encode(payload, most)) for source, payload in events
    ]
    numbers = _raise_sequences([source for source, _, _, _ in encoded])
    now, trace = timezone.now(), traceparent()
    nudge_on_commit(RELAY, connection)
    rows = [
        OutboxEvent.new(
            shard=shard_of(key),
            topic=payload.topic,
            type=payload.type,
            key=key,
            sequence=number,
            payload=text,
            traceparent=trace,
            created_at=now,
        )
        for (_, key, payload, text), number in zip(encoded, numbers, strict=True)
    ]
    if rows:
        insert_later(rows, into=connection)
    return rows


def _key(source: EventSource) -> str:
    key = source.pk
    if key is None:
        raise ValueError(f"{source!r} has no key: its primary key must be set before it is saved")
    return str(key)


def _encode(payload: Payload, most: int) -> str:
    text = registry.encode(payload)
    size = len(text.encode())
    if size > most:
        raise ContractViolation(f"{payload.type}: {size} bytes, at most {most} are allowed")
    return text


def _raise_sequences(sources: Sequence[EventSource]) -> list[int]:
    """Number an event of each of these, and raise the aggregates' rows where they have one."""
    alike: dict[tuple[type[EventSource], int, int], list[EventSource]] = defaultdict(list)
    stored = [source for source in sources if not source._state.adding]
    for source, count in Counter(stored).items():
        alike[type(source), source.event_sequence, count].append(source)
    for (model, sequence, count), group in alike.items():
        keys = numbered("pk", (source.pk for source in group))
        lost = LostRace(f"{group} have events that were appended since they were read")
        raising = _raising(model, len(group))
        raising.later(len(group), lost, read=sequence, new=sequence + count, **keys)
    numbers = []
    for source in sources:
        source.event_sequence += 1
        numbers.append(source.event_sequence)
    return numbers


@lru_cache(maxsize=256)
def _raising(model: type[EventSource], sources: int) -> Update:
    """The compare-and-set of so many sources of one kind."""
    read, new = (argument(model, "event_sequence", name) for name in ("read", "new"))
    keys = arguments(model, "pk", sources)
    unchanged = model._default_manager.filter(pk__in=keys, event_sequence=read)
    return Update(unchanged, event_sequence=new)


def history(key: str) -> QuerySet[OutboxEvent]:
    """What this service has appended for a key, in order."""
    return OutboxEvent.objects.filter(key=key).order_by("sequence")
