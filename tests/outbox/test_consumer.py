"""The consumer: offsets behind the database, a recorded start, and a place kept in the group."""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError

from outbox import consumer as module
from outbox.batches import has_time
from outbox.conf import options
from outbox.consumer import Consumer, configuration
from outbox.held import Incoming
from outbox.kafka import BrokerAway
from outbox.models import ConsumerStart, HeldMessage, InboxMark
from outbox.relay import Relay
from tests.outbox.cluster import TOPIC, Cluster, ClusterConsumer, ClusterPublisher
from tests.outbox.factories import an_order, appended, effects, placed
from tests.outbox.shop.events import OrderPlaced, OrderShipped
from tests.outbox.shop.handlers import placed as placed_handler
from tests.outbox.shop.handlers import shipped
from tests.outbox.shop.models import Order

pytestmark = pytest.mark.django_db(transaction=True)


class Broker:
    """A cluster, and what the next consumers are told of it."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.lows: Sequence[int] = (0,)
        self.clients: list[ClusterConsumer] = []

    def client(self, _: dict[str, object]) -> ClusterConsumer:
        """Takes the place of confluent_kafka's `Consumer`."""
        self.clients.append(ClusterConsumer(self.cluster, self.lows))
        return self.clients[-1]

    def publish(self, count: int, order: Order | None = None) -> None:
        """So many events of one order."""
        placed(count, order)
        self._relay()

    def ship(self, order: Order) -> None:
        """Another kind of event."""
        appended(order, OrderShipped())
        self._relay()

    def _relay(self) -> None:
        relay = Relay(ClusterPublisher(self.cluster))
        relay.run_once()
        relay.close()


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """The broker that consumers find."""
    made = Broker()
    monkeypatch.setattr(module, "KafkaConsumer", made.client)
    yield made


def starts() -> list[tuple[str, str, bool]]:
    return list(ConsumerStart.objects.values_list("consumer", "topic", "is_complete"))


def test_offsets_are_committed_after_the_effects(broker: Broker) -> None:
    broker.publish(3)
    committed_at_effect: list[int] = []
    consumer = Consumer("effects")
    apply = consumer.inbox.apply

    def look(messages: Sequence[Incoming]) -> None:
        apply(messages)
        committed_at_effect.append(sum(broker.cluster.committed.values()))

    consumer.inbox.apply = look  # type: ignore[method-assign]
    consumer.run_once()
    assert effects() == ["placed 1", "placed 2", "placed 3"]
    assert committed_at_effect == [0]
    assert sum(broker.cluster.committed.values()) == 3


def test_what_could_not_be_applied_is_not_committed_and_comes_again(broker: Broker) -> None:
    broker.publish(3)
    consumer = Consumer("effects")
    apply = consumer.inbox.apply

    def be_away(messages: Sequence[Incoming]) -> None:
        consumer.inbox.apply = apply  # type: ignore[method-assign]
        raise OperationalError(2013, "Lost connection")

    consumer.inbox.apply = be_away  # type: ignore[method-assign]
    with pytest.raises(OperationalError):
        consumer.run_once()
    assert not any(broker.cluster.committed.values())
    consumer.run_once()
    assert effects() == ["placed 1", "placed 2", "placed 3"]


def only_shipped(consumer: Consumer) -> None:
    consumer.inbox.handlers = {OrderShipped.type: shipped}


def test_what_nobody_handles_waits_for_what_somebody_does(broker: Broker) -> None:
    order = an_order()
    broker.publish(2, order)
    consumer = Consumer("effects")
    only_shipped(consumer)
    consumer.run_once()
    assert not InboxMark.objects.exists()
    assert not any(broker.cluster.committed.values())
    broker.ship(order)
    consumer.run_once()
    assert effects() == ["shipped"]
    assert InboxMark.objects.get().sequence == 3
    assert sum(broker.cluster.committed.values()) == 3


def test_what_nobody_handles_does_not_wait_for_long(broker: Broker) -> None:
    broker.publish(2)
    consumer = Consumer("effects")
    only_shipped(consumer)
    consumer.run_once()
    consumer._wait_until = 0
    consumer.run_once()
    assert InboxMark.objects.get().sequence == 2
    assert sum(broker.cluster.committed.values()) == 2


def test_what_has_time_waits_for_what_has_none(broker: Broker) -> None:
    order = an_order()
    broker.publish(2, order)
    consumer = Consumer("effects")
    consumer.inbox.handlers = {
        OrderPlaced.type: has_time(partial(placed_handler)),
        OrderShipped.type: shipped,
    }
    consumer.run_once()
    assert effects() == []
    broker.ship(order)
    consumer.run_once()
    assert effects() == ["placed 1", "placed 2", "shipped"]


def test_offsets_of_the_same_moment_are_told_together(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TELL_SECONDS", 60)
    order = an_order()
    consumer = Consumer("effects")
    for _ in range(3):
        broker.publish(1, order)
        consumer.run_once()
    assert sum(broker.cluster.committed.values()) == 1
    consumer._next_telling = 0
    consumer.run_once()
    assert sum(broker.cluster.committed.values()) == 3


def test_what_was_not_told_yet_is_told_before_it_leaves(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TELL_SECONDS", 60)
    order = an_order()
    consumer = Consumer("effects")
    for _ in range(2):
        broker.publish(1, order)
        consumer.run_once()
    consumer.close()
    assert sum(broker.cluster.committed.values()) == 2


def test_of_what_is_anothers_by_now_nothing_is_told(broker: Broker) -> None:
    consumer = Consumer("effects")
    consumer._next_telling = math.inf
    broker.publish(1)
    consumer.run_once()
    broker.clients[0].positions.clear()
    consumer.close()
    assert not any(broker.cluster.committed.values())


def test_what_waited_when_the_process_ended_is_read_again(broker: Broker) -> None:
    broker.publish(1)
    first, second = Consumer("effects"), Consumer("effects")
    for consumer in (first, second):
        only_shipped(consumer)
        consumer.run_once()
    second._wait_until = 0
    second.run_once()
    assert InboxMark.objects.get().sequence == 1


def test_from_time_to_time_it_looks_for_what_was_left_behind(broker: Broker) -> None:
    looks: list[str] = []
    consumer = Consumer("effects")
    consumer.inbox.go_on_with_what_was_left = (  # type: ignore[method-assign]
        lambda: looks.append("looked")
    )
    consumer.run_once()
    assert looks == []
    consumer._next_look_for_left = 0
    consumer.run_once()
    consumer.run_once()
    assert looks == ["looked"]


def test_a_first_start_on_a_whole_topic_is_recorded() -> None:
    Consumer("effects").run_once()
    assert starts() == [("effects", TOPIC, True)]


def test_a_first_start_on_a_cut_topic_takes_a_keys_first_event_as_its_mark(
    broker: Broker,
) -> None:
    order = an_order()
    broker.publish(3, order)
    for messages in broker.cluster.log.values():
        messages[:1] = [None] * len(messages[:1])
    broker.lows = (1,)
    Consumer("effects").run_once()
    assert starts() == [("effects", TOPIC, False)]
    assert effects() == ["placed 2", "placed 3"]
    assert not HeldMessage.objects.exists()


def test_what_was_recorded_at_the_first_start_holds_for_ever(broker: Broker) -> None:
    broker.lows = (1,)
    Consumer("effects").run_once()
    broker.lows = (0,)
    later = Consumer("effects")
    later.run_once()
    assert later.inbox.cut_topics == {TOPIC}
    broker.lows = (5,)
    assert starts() == [("effects", TOPIC, False)]


def test_a_topic_that_was_cut_after_the_first_start_is_still_whole(broker: Broker) -> None:
    Consumer("effects").run_once()
    broker.lows = (7,)
    later = Consumer("effects")
    later.run_once()
    assert later.inbox.cut_topics == frozenset()


def test_a_topic_that_is_not_there_yet_is_waited_for(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker.cluster, "partitions", 0)
    with pytest.raises(BrokerAway, match="create_topics"):
        Consumer("effects").run_once()
    assert starts() == []


def test_during_a_long_batch_it_stays_in_the_group_and_takes_nothing(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker is polled from another thread; a partition that is assigned meanwhile is left for
    later, with every message it has."""
    monkeypatch.setattr(module, "LONG_BATCH_SECONDS", 0.01)
    first, second = Order.objects.create(), Order.objects.create()
    while broker_partition(broker, str(first.pk)) == broker_partition(broker, str(second.pk)):
        second = Order.objects.create()
    broker.publish(1, first)
    consumer = Consumer("effects")
    client = broker.clients[0]
    assigned = client.positions.pop(broker_partition(broker, str(second.pk)))
    apply = consumer.inbox.apply
    polled = client.polled

    def take_long(messages: Sequence[Incoming]) -> None:
        apply(messages)
        for _ in ("the consumer's own", "the other thread's"):
            assert polled.acquire(timeout=10)
        broker.publish(2, second)
        client.positions[broker_partition(broker, str(second.pk))] = assigned
        for _ in range(4):
            assert polled.acquire(timeout=10)

    consumer.inbox.apply = take_long  # type: ignore[method-assign]
    consumer.run_once()
    assert effects() == ["placed 1"]
    assert client.paused == set()
    consumer.inbox.apply = apply  # type: ignore[method-assign]
    for _ in range(2):
        consumer.run_once()
    assert effects() == ["placed 1", "placed 1", "placed 2"]


def broker_partition(broker: Broker, key: str) -> int:
    return broker.cluster.partition_of(key.encode())


def test_a_group_never_skips_its_first_events_nor_commits_by_itself() -> None:
    made = configuration(options(), "effects")
    assert made["enable.auto.commit"] is False
    assert made["enable.auto.offset.store"] is False
    assert made["auto.offset.reset"] == "earliest"
    assert made["group.id"] == "shop.effects"
    assert made["partition.assignment.strategy"] == "cooperative-sticky"


def test_the_group_protocol_and_a_static_membership_are_settings(settings: Any) -> None:
    settings.OUTBOX = {
        **settings.OUTBOX,
        "GROUP_PROTOCOL": "consumer",
        "GROUP_INSTANCE_ID": "host-1",
    }
    made = configuration(options(), "effects")
    assert made["group.protocol"] == "consumer"
    assert made["group.instance.id"] == "host-1.effects"
    assert "session.timeout.ms" not in made


def test_for_a_consumer_that_nobody_waits_for_the_broker_gathers(settings: Any) -> None:
    assert "fetch.wait.max.ms" not in configuration(options(), "effects")
    effects_ = {**settings.OUTBOX["CONSUMERS"]["effects"], "gather_ms": 75}
    settings.OUTBOX = {**settings.OUTBOX, "CONSUMERS": {"effects": effects_}}
    made = configuration(options(), "effects")
    assert made["fetch.wait.max.ms"] == 75
    assert made["fetch.min.bytes"] == module.MANY_BYTES
