"""An in-memory Kafka for one topic: partitions, offsets, groups' commits, and faults on demand.

`ClusterPublisher` takes the place of `KafkaPublisher`, `ClusterConsumer` that of confluent_kafka's
`Consumer`, so that `Relay` and `outbox.consumer.Consumer` run on it unchanged. Whatever a real
process could be interrupted at calls `point`.
"""

import json
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any, Final

from confluent_kafka import TopicPartition

from outbox import cloudevents
from outbox.conf import options
from outbox.held import Incoming, envelope_of
from outbox.kafka import Outcome
from outbox.rows import Row

TOPIC: Final = "shop.events"


class Fate(Enum):
    """What becomes of a row that is sent."""

    STORED = "stored and acknowledged"
    LOST = "not stored, not acknowledged"
    UNACKNOWLEDGED = "stored, not acknowledged"


@dataclass
class Cluster:
    """One topic.

    Args:
        partitions: how many.
        point: called where a client may be interrupted.
        refused: the amounts of orders that are refused for good.
        fates: what becomes of the next rows; of those after them, `STORED`.
        turn: the partition that is read first.
    """

    partitions: int = 2
    point: Callable[[], None] = lambda: None
    refused: set[int] = field(default_factory=set)
    fates: list[Fate] = field(default_factory=list)
    turn: int = 0
    committed: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    # Every event that was ever stored, per key, in order: sequence and type.
    arrivals: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    log: dict[int, list[Incoming | None]] = field(default_factory=lambda: defaultdict(list))
    mislaid: list[Incoming] = field(default_factory=list)

    def send(self, row: Row, outcome: Outcome) -> None:
        """Store a row, or not, and say so, or not."""
        if json.loads(row.payload).get("amount") in self.refused:
            outcome.refused.append((row, "refused"))
            return
        fate = self.fates.pop(0) if self.fates else Fate.STORED
        if fate is not Fate.LOST:
            self.arrivals[row.key].append((row.sequence, row.type))
            headers = cloudevents.headers(row, options().source)
            text = [(name, str(value).encode()) for name, value in headers]
            self.store(row.key.encode(), row.payload.encode(), text)
        if fate is Fate.STORED:
            outcome.acknowledged.append(row)
        else:
            outcome.error = "timed out"

    def partition_of(self, key: bytes) -> int:
        """Where a key's messages are."""
        return zlib.crc32(key) % self.partitions

    def store(self, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        """Append to the key's partition."""
        partition = self.partition_of(key)
        messages = self.log[partition]
        messages.append(
            Incoming(
                topic=TOPIC,
                partition=partition,
                offset=len(messages),
                key=key,
                value=value,
                headers=headers,
            )
        )

    def mislay(self, partition: int, offset: int) -> None:
        """Make a message invisible until it is found."""
        message = self.log[partition][offset]
        if message is not None:
            self.mislaid.append(message)
            self.log[partition][offset] = None

    def find(self) -> None:
        """Have what was mislaid come after everything else."""
        for message in self.mislaid:
            assert message.key is not None
            self.store(message.key, message.value, list(message.headers))
        self.mislaid = []

    def first_types(self, key: str) -> dict[int, str]:
        """The type each sequence of a key first arrived with, in the order of arrival."""
        first: dict[int, str] = {}
        for sequence, type_ in self.arrivals[key]:
            first.setdefault(sequence, type_)
        return first

    def settled(self) -> list[Incoming]:
        """What the group has said it is through with."""
        return [
            message
            for partition, messages in self.log.items()
            for message in messages[: self.committed[partition]]
            if message is not None
        ]


class ClusterPublisher:
    """A `Publisher` on a cluster.

    Args:
        may_send: whether who sends still may; asked before each wave.
    """

    def __init__(self, cluster: Cluster, may_send: Callable[[], bool] = lambda: True) -> None:
        self._cluster = cluster
        self._may_send = may_send

    def publish(self, rows: Sequence[Row], timeout: float) -> Outcome:
        """See `Publisher.publish`."""
        assert self._may_send(), "a wave was started without valid leases"
        outcome = Outcome()
        for row in rows:
            self._cluster.point()
            self._cluster.send(row, outcome)
        self._cluster.point()
        return outcome

    def close(self) -> None:
        """Nothing is held."""


class Message:
    """What confluent_kafka gives for a message."""

    def __init__(self, message: Incoming) -> None:
        self._message = message

    def error(self) -> None:
        """It never is one."""

    def topic(self) -> str:
        """See confluent_kafka."""
        return self._message.topic

    def partition(self) -> int:
        """See confluent_kafka."""
        return self._message.partition

    def offset(self) -> int:
        """See confluent_kafka."""
        return self._message.offset

    def key(self) -> bytes | None:
        """See confluent_kafka."""
        return self._message.key

    def value(self) -> bytes:
        """See confluent_kafka."""
        return self._message.value

    def headers(self) -> list[tuple[str, bytes]]:
        """See confluent_kafka."""
        return list(self._message.headers)


class ClusterConsumer:
    """The part of `confluent_kafka.Consumer` that ours uses; it is assigned every partition and
    goes on from what was committed."""

    def __init__(self, cluster: Cluster, lows: Sequence[int] = (0,)) -> None:
        self._cluster = cluster
        self._lows = lows
        self.positions = {number: cluster.committed[number] for number in range(cluster.partitions)}
        self.paused: set[int] = set()
        self.polled = threading.Semaphore(0)

    def subscribe(self, topics: list[str]) -> None:
        """See confluent_kafka."""
        assert topics == [TOPIC]

    def list_topics(self, topic: str, timeout: float) -> Any:
        """See confluent_kafka."""
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions=dict(self.positions))})

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int]:
        """See confluent_kafka."""
        number = partition.partition
        return self._lows[number % len(self._lows)], len(self._cluster.log[number])

    def poll(self, timeout: float) -> Message | None:
        """See confluent_kafka."""
        self.polled.release()
        return next(iter(self.consume(1, timeout)), None)

    def consume(self, count: int, timeout: float) -> list[Message]:
        """See confluent_kafka."""
        self._cluster.point()
        found: list[Message] = []
        order = sorted(self.positions, key=lambda number: number != self._cluster.turn)
        for number in order:
            if number not in self.paused:
                found += self._next_of(number, count - len(found))
        return found

    def commit(self, offsets: Iterable[TopicPartition], asynchronous: bool) -> None:
        """See confluent_kafka. Where nobody waits for the answer, it has come at once."""
        self._cluster.point()
        for position in offsets:
            self._cluster.committed[position.partition] = position.offset
        self._cluster.point()

    def seek(self, position: TopicPartition) -> None:
        """See confluent_kafka."""
        self.positions[position.partition] = position.offset

    def assignment(self) -> list[TopicPartition]:
        """See confluent_kafka."""
        return [TopicPartition(TOPIC, number) for number in self.positions]

    def pause(self, partitions: list[TopicPartition]) -> None:
        """See confluent_kafka."""
        self.paused |= {partition.partition for partition in partitions}

    def resume(self, partitions: list[TopicPartition]) -> None:
        """See confluent_kafka."""
        self.paused -= {partition.partition for partition in partitions}

    def close(self) -> None:
        """See confluent_kafka."""

    def _next_of(self, number: int, count: int) -> list[Message]:
        start = self.positions[number]
        ahead = self._cluster.log[number][start:]
        found: list[Message] = []
        for message in ahead:
            if len(found) == count:
                break
            self.positions[number] += 1
            if message is not None:
                found.append(Message(message))
        return found


def sequence_of(message: Incoming) -> tuple[str, int] | None:
    """A message's key and sequence, unless it cannot be read."""
    envelope = envelope_of(message)
    return None if envelope is None else (envelope.key, envelope.sequence)
