"""The consumer: Kafka messages into the inbox, offsets committed after the database.

Automatic commits and automatic offset storage are off: an offset is committed only when the
transaction with the effects is, together with others of the same moment. A crash in between means
redelivery, which the inbox's marks turn into nothing. A new group starts at the topic's beginning.
"""

import logging
import math
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Final, cast

from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition
from django.utils import timezone

from outbox.conf import Options, options
from outbox.held import Incoming
from outbox.inbox import Inbox
from outbox.kafka import CLIENT, BrokerAway
from outbox.models import ConsumerStart

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.2
COMPANY_SECONDS: Final = 0.2
# So much is sent at once, however long the broker might gather.
MANY_BYTES: Final = 100_000
TELL_SECONDS: Final = 1.0
CLOSE_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 10.0
LONG_BATCH_SECONDS: Final = 5.0
LOOKS_PER_LONG_BATCH: Final = 5
LOOK_FOR_LEFT_SECONDS: Final = 60.0


class Consumer:
    """Reads topics as one group and applies what comes.

    Args:
        name: a consumer of the setting `OUTBOX["CONSUMERS"]`; the Kafka group is `<source>.<name>`.
    """

    def __init__(self, name: str) -> None:
        self.inbox = Inbox.named(name)
        self.topics = list(options().consumers[name]["topics"])
        self._kafka = KafkaConsumer(configuration(options(), name))
        self._kafka.subscribe(self.topics)
        self._has_started = False
        self._next_look_for_left = time.monotonic() + LOOK_FOR_LEFT_SECONDS
        self._waiting: list[Message] = []
        self._wait_until = 0.0
        self._aside: list[Message] = []
        self._paused: list[TopicPartition] = []
        # Applied, and not told to the broker yet: where to go on in each partition.
        self._applied: dict[tuple[str, int], TopicPartition] = {}
        self._next_telling = 0.0
        self._busy_since: float | None = None
        self._polling = threading.Lock()  # held by the other thread while it polls

    def run_once(self) -> bool:
        """Wait shortly for messages and apply them.

        Returns:
            Always True: waiting for messages is the pause.

        Raises:
            BrokerAway: the broker cannot be asked what there is of a topic, at the first start.
        """
        if not self._has_started:
            self._start()
        if time.monotonic() >= self._next_look_for_left:
            with self._kept_in_group():
                self.inbox.go_on_with_what_was_left()
            self._next_look_for_left = time.monotonic() + LOOK_FOR_LEFT_SECONDS
        self._tell_when_due()
        come = self._fetch()
        if not self._waiting:
            self._wait_until = math.inf
        self._waiting += come
        self._wait_until = min([self._wait_until, *map(self._latest, come)])
        if self._waiting and not self._may_wait():
            messages, self._waiting = self._waiting, []
            self._apply(messages)
        return True

    def close(self) -> None:
        """Leave the group, but do not wait long for a broker that is away: it will notice."""
        self._tell()
        leaving = threading.Thread(target=self._kafka.close, daemon=True)
        leaving.start()
        leaving.join(CLOSE_SECONDS)

    def _start(self) -> None:
        """At the group's first start, record how much of each topic there is."""
        starts = ConsumerStart.objects.filter(consumer=self.inbox.consumer, topic__in=self.topics)
        known = dict(starts.values_list("topic", "is_complete"))
        for topic in set(self.topics) - set(known):
            start, _ = ConsumerStart.objects.get_or_create(
                consumer=self.inbox.consumer,
                topic=topic,
                defaults={
                    "is_complete": self._is_complete(topic),
                    "started_at": timezone.now(),
                },
            )
            known[topic] = start.is_complete
        self.inbox.cut_topics = frozenset(topic for topic, whole in known.items() if not whole)
        self._has_started = True

    def _is_complete(self, topic: str) -> bool:
        """Whether nothing has been removed from the topic's beginning yet."""
        try:
            partitions = self._kafka.list_topics(topic, ANSWER_SECONDS).topics[topic].partitions
            lows = [
                self._kafka.get_watermark_offsets(TopicPartition(topic, number), ANSWER_SECONDS)[0]
                for number in partitions
            ]
        except KafkaException as error:
            raise BrokerAway(f"{topic}: {error.args[0].str()}") from error
        if not lows:
            raise BrokerAway(f"there is no topic {topic} yet (manage.py create_topics makes it)")
        return not any(lows)

    def _fetch(self) -> list[Message]:
        """What has come, without waiting for a full batch: `consume` alone would wait for either
        all the messages asked for or the whole time-out."""
        if self._aside:
            aside, self._aside = self._aside, []
            return aside
        first = self._kafka.poll(self._patience())
        if first is None:
            return []
        rest = self._kafka.consume(options().consumer_batch - 1, 0)
        return [message for message in (first, *rest) if _is_message(message)]

    def _patience(self) -> float:
        """How long to wait for messages."""
        if self._waiting:
            return max(0.0, self._wait_until - time.monotonic())
        return POLL_SECONDS

    def _may_wait(self) -> bool:
        """Whether there is still room and time for others."""
        return len(self._waiting) < options().consumer_batch and time.monotonic() < self._wait_until

    def _latest(self, message: Message) -> float:
        """Until when a message may wait for others, by the monotonic clock; of what cannot be read
        the inbox decides, at once.

        An event that nobody handles only moves a mark: a transaction of its own would cost as much
        as one with effects that somebody waits for, and keep the next event waiting.
        """
        type_ = dict(_headers(message)).get("ce_type", b"").decode(errors="replace")
        handler = self.inbox.handlers.get(type_)
        if type_ and (handler is None or getattr(handler, "has_time", False)):
            return time.monotonic() + COMPANY_SECONDS
        return 0.0

    def _apply(self, messages: Sequence[Message]) -> None:
        try:
            with self._kept_in_group():
                self.inbox.apply([_incoming(message) for message in messages])
        except Exception:
            self._rewind(messages)
            raise
        self._commit(messages)

    @contextmanager
    def _kept_in_group(self) -> Iterator[None]:
        """Stay a member of the group however long the enclosed work takes: after some seconds the
        partitions are paused and the broker is polled from another thread."""
        _watch()
        self._busy_since = time.monotonic()
        _busy.add(self)
        try:
            yield
        finally:
            _busy.discard(self)
            self._busy_since = None
            with self._polling:
                pass  # the other thread has let go

    def stay_in_group(self) -> None:
        """Poll the broker for as long as a long batch takes; called from another thread."""
        with self._polling:
            if self._is_long():
                self._poll_paused()

    def _is_long(self) -> bool:
        since = self._busy_since
        return since is not None and time.monotonic() - since >= LONG_BATCH_SECONDS

    def _poll_paused(self) -> None:
        logger.info("%s: a long batch; paused", self.inbox.consumer)
        self._pause(self._kafka.assignment())
        while self._is_long():
            if (stray := self._kafka.poll(POLL_SECONDS)) is not None:
                self._put_aside(stray)
        self._resume()

    def _pause(self, partitions: list[TopicPartition]) -> None:
        self._kafka.pause(partitions)
        self._paused += partitions

    def _resume(self) -> None:
        """All that was paused, also what is another consumer's by now: librdkafka remembers the
        pause, and would read nothing of the partition when it comes back."""
        self._kafka.resume(self._paused)
        self._paused = []

    def _put_aside(self, message: Message) -> None:
        """Keep a message of a partition that was assigned while all the others were paused: what
        has been polled does not come again, and a later commit would be past it."""
        if _is_message(message):
            self._aside.append(message)
            self._pause(_positions([message], ahead=1))

    def _rewind(self, messages: Sequence[Message]) -> None:
        """Have the same messages delivered again."""
        for position in _positions(reversed(messages), ahead=0):
            try:
                self._kafka.seek(position)
            except KafkaException as error:
                logger.info("%s is not ours any more: %s", position, error)

    def _commit(self, messages: Sequence[Message]) -> None:
        """Have the broker told, once a second: the effects are committed, and whoever reads
        these messages again skips them."""
        for position in _positions(messages, ahead=1):
            self._applied[position.topic, position.partition] = position
        self._tell_when_due()

    def _tell_when_due(self) -> None:
        if self._applied and time.monotonic() >= self._next_telling:
            self._tell()
            self._next_telling = time.monotonic() + TELL_SECONDS

    def _tell(self) -> None:
        """Tell the broker how far this consumer is in its partitions, but do not wait for an
        answer. What is another's by now is that one's to tell."""
        mine = {(place.topic, place.partition) for place in self._kafka.assignment()}
        offsets = [position for place, position in self._applied.items() if place in mine]
        self._applied = {}
        if not offsets:
            return
        try:
            self._kafka.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            _log_uncommitted(error.args[0])


# Consumers that apply a batch just now.
_busy: Final[set[Consumer]] = set()


@cache
def _watch() -> threading.Thread:
    """One thread for all batches of this process: to start one for each costs as much as it takes
    to apply a message."""
    thread = threading.Thread(target=_look_for_long_batches, name="long batches", daemon=True)
    thread.start()
    return thread


def _look_for_long_batches() -> None:
    while True:
        time.sleep(LONG_BATCH_SECONDS / LOOKS_PER_LONG_BATCH)
        for consumer in list(_busy):
            try:
                consumer.stay_in_group()
            except Exception:
                logger.exception("%s could not be kept in its group", consumer.inbox.consumer)


def _log_uncommitted(error: KafkaError | None, _: object = None) -> None:
    """What became of offsets: told by a later poll."""
    if error is not None:
        logger.info("offsets not committed: %s", error.str())


def _positions(messages: Iterable[Message], *, ahead: int) -> list[TopicPartition]:
    """The offset of each partition's last message in `messages`, plus `ahead`."""
    last = {(m.topic(), m.partition()): m for m in messages}
    return [
        TopicPartition(cast("str", topic), cast("int", partition), cast("int", m.offset()) + ahead)
        for (topic, partition), m in last.items()
    ]


def _is_message(message: Message) -> bool:
    """Whether it is one, and not word of an error.

    Raises:
        KafkaException: this client can do no more; the process ends, and its next start has
            another.
    """
    error = message.error()
    if error is None:
        return True
    if error.fatal():
        raise KafkaException(error)
    logger.warning("%s: %s", message.topic(), error)
    return False


def _incoming(message: Message) -> Incoming:
    return Incoming(
        topic=cast("str", message.topic()),
        partition=cast("int", message.partition()),
        offset=cast("int", message.offset()),
        key=message.key(),
        value=message.value() or b"",
        headers=_headers(message),
    )


def _headers(message: Message) -> list[tuple[str, bytes]]:
    received = cast("list[tuple[str, bytes | None]] | None", message.headers())
    return [(name, value or b"") for name, value in received or []]


def configuration(configured: Options, name: str) -> dict[str, object]:
    """librdkafka's configuration of a consumer."""
    settings: dict[str, object] = {
        "bootstrap.servers": configured.bootstrap_servers,
        "group.id": f"{configured.source}.{name}",
        "group.protocol": configured.group_protocol,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "on_commit": _log_uncommitted,
        "topic.metadata.refresh.interval.ms": 5000,
        **CLIENT,
    }
    if configured.group_protocol == "classic":
        # Under the newer protocol these are the broker's to decide.
        settings["partition.assignment.strategy"] = "cooperative-sticky"
        settings["session.timeout.ms"] = 6000
        settings["heartbeat.interval.ms"] = 1000
    if gather_ms := configured.consumers.get(name, {}).get("gather_ms"):
        settings["fetch.wait.max.ms"] = gather_ms
        settings["fetch.min.bytes"] = MANY_BYTES
    if configured.group_instance_id:
        settings["group.instance.id"] = f"{configured.group_instance_id}.{name}"
    return settings
