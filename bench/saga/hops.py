"""What the way costs without anything on it: its commits and records, one after the other.

From POST to CONFIRMED four transactions have to be durable before the next thing can happen
(reservation and request; operation; outcome and answer; confirmation), and two records have to get
through the broker. One thread here does nothing but these, with the same settings of database,
producer and consumer, and waits for nobody to wake up.
"""

import time
from typing import Final

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]
from django.db import connections

from dev.console import RefusalError
from outbox.conf import options
from outbox.consumer import configuration
from outbox.kafka import producer_configuration

TOPIC: Final = "bench.hops"
BOOKING, PAYMENT = "default", "payment"
TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS bench_hop (id BIGINT AUTO_INCREMENT PRIMARY KEY, body TEXT)"
)
BODY: Final = "x" * 500
ANSWER_SECONDS: Final = 10.0


class Hops:
    """The bare way, ready to go."""

    def __init__(self) -> None:
        for database in (BOOKING, PAYMENT):
            with connections[database].cursor() as cursor:
                cursor.execute(TABLE)
        _create_topic()
        self._producer = Producer(producer_configuration(options()))
        self._consumer = Consumer(configuration(options(), "hops"))
        place = TopicPartition(TOPIC, 0)
        place.offset = (self._consumer.get_watermark_offsets(place, ANSWER_SECONDS) or (0, 0))[1]
        self._consumer.assign([place])
        self._pass()

    def round(self, *, per_second: float, count: int) -> list[float]:
        """Go the way at a steady rate; returns what each took since it was due, in milliseconds."""
        started, took = time.monotonic(), []
        for number in range(count):
            due = started + number / per_second
            time.sleep(max(0.0, due - time.monotonic()))
            self._pass()
            took.append(1000 * (time.monotonic() - due))
        return took

    def _pass(self) -> None:
        self._commit(BOOKING)
        self._send()
        self._commit(PAYMENT)
        self._commit(PAYMENT)
        self._send()
        self._commit(BOOKING)

    def _commit(self, database: str) -> None:
        with connections[database].cursor() as cursor:
            cursor.execute("INSERT INTO bench_hop (body) VALUES (%s)", [BODY])

    def _send(self) -> None:
        self._producer.produce(TOPIC, BODY.encode(), partition=0)
        deadline = time.monotonic() + ANSWER_SECONDS
        while (message := self._consumer.poll(0.2)) is None or message.error() is not None:
            if time.monotonic() > deadline:
                raise RefusalError(f"the broker has not brought a record for {ANSWER_SECONDS} s")
        self._producer.poll(0)


def _create_topic() -> None:
    client = AdminClient({"bootstrap.servers": options().bootstrap_servers, "log_level": 2})
    if TOPIC not in client.list_topics(timeout=ANSWER_SECONDS).topics:
        for future in client.create_topics([NewTopic(TOPIC, num_partitions=1)]).values():
            future.result()
