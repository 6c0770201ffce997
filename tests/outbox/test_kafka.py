"""The library's clients on a real broker."""

import fcntl
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from outbox import topics
from outbox.conf import options
from outbox.consumer import Consumer
from outbox.held import Incoming
from outbox.kafka import BrokerAway, KafkaPublisher, make_producer
from outbox.models import OutboxEvent
from outbox.relay import Relay
from outbox.rows import Row
from outbox.testing import InMemoryBroker
from tests.outbox.factories import an_order, appended, effects, placed, states
from tests.outbox.shop.events import OrderPlaced

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kafka]

TOPIC = "shop.events"
PARTITIONS = 3


@pytest.fixture(autouse=True)
def turn() -> Iterator[None]:
    """The shop's topic for this process alone: the suite runs these tests on two databases at the
    same time, with one broker."""
    broker = options().bootstrap_servers.replace(":", "-")
    with (Path(tempfile.gettempdir()) / f"shop-events-{broker}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(autouse=True)
def topic(turn: None) -> None:
    """The shop's topic, empty."""
    client = AdminClient({"bootstrap.servers": options().bootstrap_servers})
    if TOPIC in client.list_topics(timeout=20).topics:
        client.delete_topics([TOPIC])[TOPIC].result(20)
        while TOPIC in client.list_topics(timeout=20).topics:
            time.sleep(0.05)
    client.create_topics([NewTopic(TOPIC, num_partitions=PARTITIONS)])[TOPIC].result(20)


@pytest.fixture(autouse=True)
def group(settings: Any) -> str:
    """The name of a consumer whose group nobody has used before."""
    name = f"effects-{uuid.uuid4()}"
    consumers = {name: settings.OUTBOX["CONSUMERS"]["effects"]}
    settings.OUTBOX = {**settings.OUTBOX, "CONSUMERS": consumers}
    return name


@pytest.fixture
def consumer(group: str) -> Iterator[Consumer]:
    """A consumer of that group."""
    made = Consumer(group)
    yield made
    made.close()


def consume(consumer: Consumer, until: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while len(effects()) < until and time.monotonic() < deadline:
        consumer.run_once()


def publish_all(relay: Relay, seconds: float = 20) -> None:
    """What the loop does: until nothing is pending, whatever a cold broker says first."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if not relay.run_once():
                return
        except BrokerAway:
            continue


def test_events_go_through_the_broker_and_are_applied_in_order(consumer: Consumer) -> None:
    rows = [*placed(5), *placed(5)]
    relay = Relay()
    publish_all(relay)
    relay.close()
    assert states(rows) == ["PUBLISHED"] * 10
    consume(consumer, 10)
    assert sorted(effects()) == sorted([f"placed {n}" for n in range(1, 6)] * 2)


def test_a_consumer_that_did_not_commit_its_offsets_applies_nothing_again(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed(3)
    relay = Relay()
    publish_all(relay)
    first = Consumer(group)
    monkeypatch.setattr(first, "_commit", lambda messages: None)
    consume(first, 3)
    first.close()
    second = Consumer(group)
    placed(1)
    publish_all(relay)
    relay.close()
    consume(second, 4)
    second.close()
    assert len(effects()) == 4


def test_what_the_broker_gathers_is_applied_together(
    group: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathering = {**settings.OUTBOX["CONSUMERS"][group], "gather_ms": 2000}
    settings.OUTBOX = {**settings.OUTBOX, "CONSUMERS": {group: gathering}}
    consumer, relay, together = Consumer(group), Relay(), []
    apply = consumer.inbox.apply

    def note(messages: Sequence[Incoming]) -> None:
        together.append(len(messages))
        apply(messages)

    monkeypatch.setattr(consumer.inbox, "apply", note)
    placed(1)
    publish_all(relay)
    consume(consumer, 1)
    for done in range(1, 10, 2):
        placed(1)
        publish_all(relay)
        consume(consumer, done + 1, seconds=0.5)
        placed(1)
        publish_all(relay)
        consume(consumer, done + 2)
        # What is gathered for two partitions may be handed over one after the other.
        if 2 in together:
            break
    relay.close()
    consumer.close()
    assert 2 in together


def test_a_consumer_that_stops_leaves_nothing_to_its_successor(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed(3)
    relay = Relay()
    publish_all(relay)
    first = Consumer(group)
    consume(first, 3)
    first.close()
    delivered: list[Incoming] = []
    second = Consumer(group)
    apply = second.inbox.apply

    def note(messages: Sequence[Incoming]) -> None:
        delivered.extend(messages)
        apply(messages)

    monkeypatch.setattr(second.inbox, "apply", note)
    placed(1)
    publish_all(relay)
    relay.close()
    consume(second, 4)
    second.close()
    assert len(delivered) == 1


def test_a_failed_batch_is_delivered_again(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed(3)
    relay = Relay()
    publish_all(relay)
    relay.close()
    apply, failures = consumer.inbox.apply, [1, 2]

    def fail_twice(messages: object) -> None:
        if failures:
            failures.pop()
            raise TimeoutError
        apply(messages)  # type: ignore[arg-type]

    monkeypatch.setattr(consumer.inbox, "apply", fail_twice)
    deadline = time.monotonic() + 20
    while len(effects()) < 3 and time.monotonic() < deadline:
        try:
            consumer.run_once()
        except TimeoutError:
            continue
    assert effects() == ["placed 1", "placed 2", "placed 3"]


def test_an_oversize_row_is_refused_for_good_and_its_neighbours_go_on() -> None:
    order = an_order()
    rows = appended(order, OrderPlaced(amount=1, note="x" * 10), OrderPlaced(amount=2))
    OutboxEvent.objects.filter(pk=rows[0].pk).update(payload="x" * 1_100_000)
    neighbour = placed(1)
    relay = Relay()
    publish_all(relay)
    relay.close()
    assert states(rows) == ["HELD", "HELD"]
    assert states(neighbour) == ["PUBLISHED"]


def test_a_broker_that_is_away_keeps_rows_pending_until_it_is_back() -> None:
    rows = placed(2)
    addresses = iter(["127.0.0.1:1", options().bootstrap_servers])
    publisher = KafkaPublisher(
        lambda configured: make_producer(replace(configured, bootstrap_servers=next(addresses)))
    )
    relay = Relay(publisher)
    with pytest.raises(BrokerAway):
        relay.run_once()
    assert states(rows) == ["PENDING"] * 2
    publish_all(relay)
    assert states(rows) == ["PUBLISHED"] * 2
    relay.close()


def test_that_a_wave_was_purged_does_not_hide_why() -> None:
    publisher = KafkaPublisher(
        lambda configured: make_producer(replace(configured, bootstrap_servers="127.0.0.1:1"))
    )
    assert publisher.publish([Row.of(placed(1)[0])], 0.2).error == "not acknowledged in time"


def test_topics_are_created_once() -> None:
    client = AdminClient({"bootstrap.servers": options().bootstrap_servers})
    client.delete_topics([TOPIC])[TOPIC].result(20)
    while TOPIC in client.list_topics(timeout=20).topics:
        time.sleep(0.05)
    assert list(topics.create_topics()) == [(TOPIC, "created")]
    assert list(topics.create_topics()) == [(TOPIC, "exists")]
    made = client.list_topics(TOPIC, timeout=20).topics[TOPIC]
    assert len(made.partitions) == options().partitions


def test_the_in_memory_broker_and_the_real_one_deliver_the_same_message(
    consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = placed(1)[0]
    memory = InMemoryBroker()
    memory.publish([Row.of(row)], 1)
    relay = Relay()
    publish_all(relay)
    relay.close()
    received: list[object] = []
    monkeypatch.setattr(consumer.inbox, "apply", received.extend)
    deadline = time.monotonic() + 20
    while not received and time.monotonic() < deadline:
        consumer.run_once()
    expected = memory.topics[TOPIC][0]
    (message,) = received
    assert replace(message, partition=0, offset=0) == expected  # type: ignore[type-var]


def test_what_is_taken_away_during_a_long_batch_and_comes_back_is_read_again(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """librdkafka remembers that a partition is paused beyond its being another's."""
    monkeypatch.setattr("outbox.consumer.LONG_BATCH_SECONDS", 0.05)
    placed(1)
    relay = Relay()
    publish_all(relay)
    consumer = Consumer(group)
    consume(consumer, 1)
    assert len(consumer._kafka.assignment()) == PARTITIONS
    other = Consumer(group)
    with consumer._kept_in_group():
        wait_until(lambda: other.run_once() and other._kafka.assignment() != [])
    other.close()
    wait_until(lambda: consumer.run_once() and len(consumer._kafka.assignment()) == PARTITIONS)
    for _ in range(20):
        placed(1)
    publish_all(relay)
    relay.close()
    consume(consumer, 21)
    consumer.close()
    assert len(effects()) == 21


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not come to that"
