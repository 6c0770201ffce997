"""Reads a topic raw, without any of our own consumer code."""

import uuid
from dataclasses import dataclass
from typing import cast

from confluent_kafka import Consumer, TopicPartition


@dataclass(frozen=True)
class Record:
    """A message as the broker has it."""

    key: str
    type: str
    id: str
    sequence: int


def read_topic(bootstrap_servers: str, topic: str) -> list[Record]:
    """Everything that is on a topic now."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": f"test-{uuid.uuid4()}",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        records: list[Record] = []
        for partition in partitions:
            records += _read_partition(consumer, TopicPartition(topic, partition))
        return records
    finally:
        consumer.close()


def _read_partition(consumer: Consumer, partition: TopicPartition) -> list[Record]:
    low, high = consumer.get_watermark_offsets(partition, timeout=20)
    if low == high:
        return []
    partition.offset = low
    consumer.assign([partition])
    records: list[Record] = []
    while len(records) < high - low:
        message = consumer.poll(20)
        assert message is not None, f"{partition} has {high - low} messages, got {len(records)}"
        received = cast("list[tuple[str, bytes]]", message.headers() or [])
        headers = {name: value.decode() for name, value in received}
        records.append(
            Record(
                key=(message.key() or b"").decode(),
                type=headers["ce_type"],
                id=headers["ce_id"],
                sequence=int(headers["ce_sequence"]),
            )
        )
    return records
