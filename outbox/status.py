"""What an operator wants to know first, as one structure."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import KafkaException, TopicPartition
from django.db.models import Count, Min
from django.db.models.functions import Now

from outbox.conf import options
from outbox.consumer import configuration
from outbox.models import HeldMessage, Lease, OutboxEvent

ANSWER_SECONDS: Final = 5.0
State = OutboxEvent.State


@dataclass(frozen=True)
class Status:
    """The state of one service's outbox and inbox.

    Args:
        service: the service's name.
        pending: events that are committed and not published yet.
        oldest_pending_seconds: the age of the oldest of them.
        held_outgoing: events that the broker refused, with their successors.
        held_incoming: messages held, by consumer and reason.
        owners: per group, how many shards each worker holds.
        unowned: per group, the shards that nobody holds.
        lag: per consumer, the messages it has not committed yet; none where Kafka did not answer.
    """

    service: str
    pending: int
    oldest_pending_seconds: float
    held_outgoing: int
    held_incoming: dict[str, dict[str, int]]
    owners: dict[str, dict[str, int]]
    unowned: dict[str, list[int]]
    lag: dict[str, int | None]

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def read_status(*, now: datetime, broker_seconds: float = ANSWER_SECONDS) -> Status:
    """Read the service's status.

    Args:
        now: the time that ages are counted to.
        broker_seconds: how long each answer of Kafka's is waited for; when one does not come, no
            other is asked for.
    """
    pending = OutboxEvent.objects.filter(state=State.PENDING).aggregate(
        count=Count("id"), oldest=Min("created_at")
    )
    oldest = pending["oldest"]
    return Status(
        service=options().source,
        pending=pending["count"],
        oldest_pending_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        held_outgoing=OutboxEvent.objects.filter(state=State.HELD).count(),
        held_incoming=_held_incoming(),
        owners=_owners(),
        unowned=_unowned(),
        lag=_lags(broker_seconds),
    )


def _lags(seconds: float) -> dict[str, int | None]:
    lags: dict[str, int | None] = {}
    for name in options().consumers:
        # A broker that has kept one question waiting would keep the next one waiting as long.
        lags[name] = None if None in lags.values() else consumer_lag(name, seconds)
    return lags


def consumer_lag(name: str, seconds: float = ANSWER_SECONDS) -> int | None:
    """How many messages a consumer has not committed yet; none where Kafka did not answer.

    Args:
        name: the consumer's.
        seconds: how long each answer is waited for.
    """
    # That no broker answers is the answer: the log need not tell it for every connection, too.
    quiet = {"error_cb": lambda _: None}
    consumer = KafkaConsumer({**configuration(options(), name), **quiet})
    try:
        partitions = _partitions(consumer, options().consumers[name]["topics"], seconds)
        committed = consumer.committed(partitions, timeout=seconds)
        return sum(_behind(consumer, partition, seconds) for partition in committed)
    except KafkaException:
        return None
    finally:
        consumer.close()


def _partitions(consumer: KafkaConsumer, topics: list[str], seconds: float) -> list[TopicPartition]:
    known = consumer.list_topics(timeout=seconds).topics
    return [
        TopicPartition(topic, number)
        for topic in topics
        if topic in known
        for number in known[topic].partitions
    ]


def _behind(consumer: KafkaConsumer, committed: TopicPartition, seconds: float) -> int:
    low, high = consumer.get_watermark_offsets(committed, seconds)
    return int(high - max(low, committed.offset))


def _held_incoming() -> dict[str, dict[str, int]]:
    held: dict[str, dict[str, int]] = {}
    counts = HeldMessage.objects.values_list("consumer", "reason").annotate(Count("id"))
    for consumer, reason, count in counts.order_by("consumer", "reason"):
        held.setdefault(consumer, {})[reason] = count
    return held


def _owners() -> dict[str, dict[str, int]]:
    owners: dict[str, Counter[str]] = {}
    live = Lease.objects.filter(expires_at__gt=Now()).exclude(owner="")
    for group, owner in live.values_list("group", "owner"):
        owners.setdefault(group, Counter())[owner] += 1
    return {group: dict(counts) for group, counts in sorted(owners.items())}


def _unowned() -> dict[str, list[int]]:
    unowned: dict[str, list[int]] = {}
    live = Lease.objects.filter(expires_at__gt=Now()).exclude(owner="").values("id")
    for group, shard in Lease.objects.exclude(id__in=live).values_list("group", "shard"):
        unowned.setdefault(group, []).append(shard)
    return {group: sorted(shards) for group, shards in sorted(unowned.items())}
