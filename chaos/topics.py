"""The topics as the broker has them, read with none of our own consumers."""

import uuid
from collections.abc import Iterator
from typing import Final, cast

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka import Message as Raw

from chaos.evidence import Message
from dev.console import RefusalError

TOPICS: Final = ("booking.events", "payment.events", "fare.events")
ANSWER_SECONDS: Final = 20


def read_topics(broker: str) -> Iterator[Message]:
    """Everything that is on the topics now.

    Args:
        broker: host and port.

    Raises:
        RefusalError: a partition has less than the broker says.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": f"chaos-{uuid.uuid4()}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        for topic in TOPICS:
            found = consumer.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic]
            for number in found.partitions:
                yield from _read(consumer, topic, number)
    finally:
        consumer.close()


def _read(consumer: Consumer, topic: str, partition: int) -> Iterator[Message]:
    place = TopicPartition(topic, partition)
    low, high = consumer.get_watermark_offsets(place, timeout=ANSWER_SECONDS)
    if low == high:
        return
    consumer.assign([TopicPartition(topic, partition, low)])
    for _ in range(high - low):
        raw = consumer.poll(ANSWER_SECONDS)
        if raw is None or raw.error():
            raise RefusalError(f"{topic}/{partition} cannot be read to its end")
        yield _message(raw)


def _message(raw: Raw) -> Message:
    received = cast("list[tuple[str, bytes]]", raw.headers() or [])
    headers = {name: value.decode() for name, value in received}
    return Message(
        topic=str(raw.topic()),
        partition=int(raw.partition() or 0),
        offset=int(raw.offset() or 0),
        id=str(uuid.UUID(headers["ce_id"])),
        key=(raw.key() or b"").decode(),
        sequence=int(headers["ce_sequence"]),
        type=headers["ce_type"],
    )
