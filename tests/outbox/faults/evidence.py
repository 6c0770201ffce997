"""Reads what a run has left: topics and database raw, with none of outbox/; and the journals."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import MySQLdb  # type: ignore[import-untyped]
from confluent_kafka import Consumer, Message, TopicPartition

from tests.outbox.faults.checker import Effect, Event, History
from tests.outbox.faults.writer import COMMITTED, ROLLED_BACK

TOPIC: Final = "shop.events"
CONSUMER: Final = "effects"
GROUP: Final = f"shop.{CONSUMER}"
ANSWER_SECONDS: Final = 20
LOST: Final = frozenset({2002, 2003, 2006, 2013})  # the client's codes for a server that is away


class Database:
    """Plain SQL, past the proxy, each statement in a transaction of its own."""

    def __init__(self, *, port: int, name: str, password: str) -> None:
        self._account = {"host": "127.0.0.1", "port": port, "user": name, "db": name}
        self._password = password
        self._connection: Any = None

    def rows(self, query: str, arguments: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a query answers; asked once more if the server has been restarted since."""
        try:
            return self._rows(query, arguments)
        except MySQLdb.OperationalError as error:
            if error.args[0] not in LOST:
                raise
            self.close()
        return self._rows(query, arguments)

    def value(self, query: str, arguments: Sequence[object] = ()) -> Any:
        """The one value that a query answers."""
        ((value,),) = self.rows(query, arguments)
        return value

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _rows(self, query: str, arguments: Sequence[object]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = MySQLdb.connect(
                **self._account, password=self._password, charset="utf8mb4", autocommit=True
            )
        with self._connection.cursor() as cursor:
            cursor.execute(query, tuple(arguments) or None)
            return list(cursor.fetchall())


class Broker:
    """The topic as the broker has it."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._configuration = {
            "bootstrap.servers": bootstrap_servers,
            "group.id": GROUP,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }

    def partitions(self) -> dict[str, list[Event]]:
        """Everything that is on the topic now, by partition and offset."""
        consumer = Consumer(self._configuration)
        try:
            return {
                f"{TOPIC}/{place.partition}": [_event(m) for m in _read(consumer, place)]
                for place in _places(consumer)
            }
        finally:
            consumer.close()

    def lag(self) -> int:
        """How many messages the group has not committed yet."""
        consumer = Consumer(self._configuration)
        try:
            committed = consumer.committed(_places(consumer), timeout=ANSWER_SECONDS)
            return sum(
                _watermarks(consumer, place)[1] - max(0, place.offset) for place in committed
            )
        finally:
            consumer.close()


def _places(consumer: Consumer) -> list[TopicPartition]:
    topic = consumer.list_topics(TOPIC, timeout=ANSWER_SECONDS).topics[TOPIC]
    return [TopicPartition(TOPIC, number) for number in topic.partitions]


def _watermarks(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    low, high = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS)
    return int(low), int(high)


def _read(consumer: Consumer, place: TopicPartition) -> list[Message]:
    low, high = _watermarks(consumer, place)
    consumer.assign([TopicPartition(place.topic, place.partition, low)])
    messages: list[Message] = []
    while len(messages) < high - low:
        message = consumer.poll(ANSWER_SECONDS)
        assert message is not None, f"{place}: only {len(messages)} of {high - low} messages"
        assert message.error() is None, message.error()
        messages.append(message)
    return messages


def _event(message: Message) -> Event:
    received = cast("list[tuple[str, bytes]]", message.headers() or [])
    headers = {name: value.decode() for name, value in received}
    return Event(
        id=str(uuid.UUID(headers["ce_id"])),
        key=(message.key() or b"").decode(),
        sequence=int(headers["ce_sequence"]),
        body=(message.value() or b"").decode(),
    )


def read_history(database: Database, broker: Broker, journals: Iterable[Path]) -> History:
    """Everything that the checker needs."""
    rows = database.rows("SELECT event_id, `key`, sequence, payload, state FROM outbox_event")
    events = [
        (Event(str(uuid.UUID(str(name))), key, sequence, body), state)
        for name, key, sequence, body, state in rows
    ]
    outcomes = _outcomes(journals)
    return History(
        stored=[event for event, _ in events],
        published=[event.id for event, state in events if state == "PUBLISHED"],
        acknowledged=outcomes[COMMITTED],
        rolled_back=outcomes[ROLLED_BACK],
        partitions=broker.partitions(),
        effects={CONSUMER: _effects(database)},
        held=held(database),
    )


def _outcomes(journals: Iterable[Path]) -> dict[str, list[str]]:
    outcomes: dict[str, list[str]] = defaultdict(list)
    for journal in journals:
        for line in journal.read_text().splitlines():
            noted = json.loads(line)
            outcomes[noted["outcome"]] += noted["ids"]
    return outcomes


def _effects(database: Database) -> list[Effect]:
    """What handlers wrote, oldest first: one key's effects were written one after the other, under
    the lock of its mark, so that their ids are in the order in which they happened."""
    texts = (text for (text,) in database.rows("SELECT text FROM shop_effect ORDER BY id"))
    return [Effect(key, int(sequence)) for key, sequence in (text.split() for text in texts)]


def held(database: Database) -> list[str]:
    """Descriptions of what is held, outgoing and incoming."""
    outgoing = database.rows(
        "SELECT 'outgoing', `key`, sequence, error FROM outbox_event WHERE state = 'HELD'"
    )
    incoming = database.rows(
        "SELECT reason, `key`, sequence, RIGHT(error, 300) FROM outbox_held_message"
    )
    return [f"{why} {key}#{sequence}: {error}" for why, key, sequence, error in outgoing + incoming]
