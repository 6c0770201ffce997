"""What the same work costs without the library: raw SQL and the bare Kafka client, no guarantees.

Each is the limit of a figure: nothing that promises more can be faster.
"""

import threading
import time
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition
from django.db import connection

from bench.outbox import stock
from bench.outbox.shop.events import ParcelSent, ParcelStored
from outbox.conf import options
from outbox.consumer import configuration
from outbox.kafka import producer_configuration

WAVE: Final = 2000
BATCH: Final = 200


def producer() -> Producer:
    """The relay's own, warm: connected, its idempotent id given, the topic's leaders known."""
    made = Producer(producer_configuration(options()))
    made.produce(stock.RAW, b"warm", b"warm")
    made.flush(10)
    return made


def cursor() -> Any:
    """A cursor of the driver's, with Django out of the way; whoever uses it commits."""
    connection.ensure_connection()
    connection.set_autocommit(False)
    return connection.connection.cursor()


def drain(kafka: Producer) -> int:
    """Read, send and mark whatever is pending; returns how many rows that were."""
    sql, drained = cursor(), 0
    while True:
        sql.execute(
            "SELECT id, topic, `key`, payload FROM outbox_event WHERE state = 'PENDING' "
            "ORDER BY id LIMIT %s",
            [WAVE],
        )
        rows = sql.fetchall()
        if not rows:
            return drained
        for _, topic, key, payload in rows:
            kafka.produce(topic, payload, key)
        kafka.flush(10)
        sql.execute(
            "UPDATE outbox_event SET state = 'PUBLISHED', published_at = NOW(6) WHERE id IN %s",
            [[row[0] for row in rows]],
        )
        connection.connection.commit()
        drained += len(rows)


def rounds(kafka: Producer, count: int) -> None:
    """Send one message after another, each when its predecessor is acknowledged."""
    payload = msgspec.json.encode(ParcelSent.at(0))
    for _ in range(count):
        kafka.produce(stock.DRAINED, payload, b"one key")
        kafka.flush(10)


class Effects:
    """A consumer that writes an effect for each message, and a mark for each key, per batch."""

    def __init__(self) -> None:
        self.applied = 0
        self._kafka = Consumer(
            {**configuration(options(), "raw"), "enable.auto.offset.store": True}
        )
        self._kafka.subscribe([ParcelStored.topic])
        self._sql = cursor()

    def run_once(self) -> None:
        """One batch in one transaction; offsets after it."""
        first = self._kafka.poll(0.2)
        if first is None:
            return
        messages = [first, *self._kafka.consume(BATCH - 1, 0)]
        for message in messages:
            sent = msgspec.json.decode(message.value() or b"", type=ParcelStored).sent_ns
            self._sql.execute(
                "INSERT INTO effect (sent_ns, handled_ns) VALUES (%s, %s)",
                [sent, time.monotonic_ns()],
            )
        self._sql.executemany(
            "INSERT INTO outbox_inbox_mark (consumer, source, `key`, sequence) "
            "VALUES ('raw', 'shop', %s, 1) ON DUPLICATE KEY UPDATE sequence = VALUES(sequence)",
            [[message.key()] for message in messages],
        )
        connection.connection.commit()
        self._kafka.commit(asynchronous=False)
        self.applied += len(messages)

    def close(self) -> None:
        """Leave the group."""
        self._kafka.close()


class Passage:
    """Commit an insert, produce, poll in another thread, commit an insert there: no relay."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._producer = producer()
        self._stopping = threading.Event()
        self._receiver = threading.Thread(target=self._receive, daemon=True)
        self._receiver.start()

    def send(self, per_second: float, seconds: float) -> list[float]:
        """Send at a steady rate; returns what each message took."""
        self.seconds.clear()
        sql, started = cursor(), time.monotonic()
        count = int(per_second * seconds)
        for number in range(count):
            time.sleep(max(0.0, started + number / per_second - time.monotonic()))
            sent = time.monotonic_ns()
            sql.execute("INSERT INTO effect (sent_ns, handled_ns) VALUES (%s, 0)", [sent])
            connection.connection.commit()
            self._producer.produce(stock.RAW, str(sent).encode(), partition=0)
            self._producer.poll(0)
        deadline = time.monotonic() + 5
        while len(self.seconds) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return list(self.seconds)

    def close(self) -> None:
        """End the receiving thread."""
        self._stopping.set()
        self._receiver.join()

    def _receive(self) -> None:
        kafka = Consumer(configuration(options(), "raw-passage"))
        low_high = kafka.get_watermark_offsets(TopicPartition(stock.RAW, 0), 10)
        kafka.assign([TopicPartition(stock.RAW, 0, (low_high or (0, 0))[1])])
        sql = cursor()
        while not self._stopping.is_set():
            message = kafka.poll(0.2)
            if message is None or message.error() is not None:
                continue
            sent = int(message.value() or b"0")
            sql.execute(
                "INSERT INTO effect (sent_ns, handled_ns) VALUES (%s, %s)",
                [sent, time.monotonic_ns()],
            )
            connection.connection.commit()
            self.seconds.append((time.monotonic_ns() - sent) / 1e9)
        kafka.close()
