"""Filling the outbox's table and looking into it, by SQL that makes rows inside the server."""

import time
from collections.abc import Iterator
from itertools import count
from typing import Final

from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from django.db import connections
from django.utils import timezone
from uuid_utils.compat import uuid7

from bench.outbox.shop.events import ParcelSent, ParcelStored
from outbox import registry
from outbox.conf import options
from outbox.models import SHARDS, OutboxEvent
from outbox.rows import Row

DRAINED: Final = "shop.drained"
RAW: Final = "shop.raw"
TOPICS: Final = (ParcelSent.topic, ParcelStored.topic, DRAINED, RAW)

TRACEPARENT: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CHUNK: Final = 100_000

# MariaDB's sequence tables make rows from nothing; keys look like UUIDs in ascending order.
INSERT: Final = """
    INSERT INTO outbox_event (event_id, shard, state, topic, type, `key`, sequence, payload,
                              traceparent, error, created_at, published_at)
    SELECT UUID(), CRC32(k) MOD {shards}, %(state)s, %(topic)s, %(type)s, k, {sequence},
           %(payload)s, %(traceparent)s, '', NOW(6), IF(%(state)s = 'PENDING', NULL, NOW(6))
    FROM (SELECT seq, {key} AS k FROM seq_1_to_{rows}) AS made
"""
DISTINCT_KEYS: Final = {
    "key": "CONCAT(%(prefix)s, '-0000-7000-8000-', LPAD(HEX(seq), 12, '0'))",
    "sequence": "1",
}
ONE_KEY: Final = {"key": "CONCAT(%(prefix)s, '-0000-7000-8000-000000000000')", "sequence": "seq"}

# No two processes of one run, and no two runs on one broker, make the same keys.
_prefixes = count(time.time_ns() // 1_000_000 % 0x0FFF_FFFF * 16 % 0xFFFF_0000)


def create_topics() -> None:
    """Make the topics; those that are there already stay as they are."""
    client = AdminClient({"bootstrap.servers": options().bootstrap_servers, "log_level": 2})
    topics = [NewTopic(name, num_partitions=options().partitions) for name in TOPICS]
    for future in client.create_topics(topics).values():
        future.result()


def fill(rows: int, *, using: str = "default", state: str = "PENDING", hot: bool = False) -> None:
    """Add rows: each of a key of its own or, `hot`, all of one key."""
    shape = ONE_KEY if hot else DISTINCT_KEYS
    values = {
        "state": state,
        "topic": DRAINED,
        "type": ParcelSent.type,
        "payload": registry.encode(ParcelSent.at(0)),
        "traceparent": TRACEPARENT,
        "prefix": f"{next(_prefixes):08x}",
    }
    with connections[using].cursor() as cursor:
        cursor.execute(INSERT.format(shards=SHARDS, rows=rows, **shape), values)


def fill_history(rows: int, using: str) -> Iterator[int]:
    """Add published rows; yields how many there are after each statement."""
    for done in range(0, rows, CHUNK):
        fill(min(CHUNK, rows - done), using=using, state="PUBLISHED")
        yield min(done + CHUNK, rows)


def empty(using: str = "default") -> None:
    """Throw every row away."""
    with connections[using].cursor() as cursor:
        cursor.execute("TRUNCATE TABLE outbox_event")


def pending(using: str = "default") -> int:
    """How many rows are not published."""
    return OutboxEvent.objects.using(using).exclude(state="PUBLISHED").count()


def loose_rows(rows: int, topic: str = ParcelStored.topic) -> list[Row]:
    """Rows that are in no table, each the first of a key: for a publisher without a relay."""
    payload = registry.encode(ParcelStored.at(time.monotonic_ns()))
    now, prefix = timezone.now(), f"{next(_prefixes):08x}"
    return [
        Row(
            id=number,
            event_id=uuid7(),
            shard=0,
            topic=topic,
            type=ParcelStored.type,
            key=f"{prefix}-0000-7000-8000-{number:012x}",
            sequence=1,
            payload=payload,
            traceparent=TRACEPARENT,
            created_at=now,
        )
        for number in range(rows)
    ]
