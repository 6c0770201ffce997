"""`manage.py outbox_status`."""

import json
from datetime import timedelta

import pytest
from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import Producer, TopicPartition
from django.utils import timezone

from outbox.conf import options
from outbox.models import SHARDS, OutboxEvent
from tests.outbox.factories import a_relay, an_inbox, an_order, has_died, messages_of, placed
from tests.outbox.management.output import output_of
from tests.outbox.shop.events import OrderPlaced

pytestmark = pytest.mark.django_db(transaction=True)


def table() -> list[tuple[str, str]]:
    """The table's rows: what it is about, and how that stands."""
    return [(line[:34].rstrip(), line[35:]) for line in output_of("outbox_status").splitlines()]


def fail(event: OrderPlaced) -> None:
    raise ValueError("not now")


@pytest.mark.usefixtures("away")
def test_where_nothing_ever_happened_it_says_so() -> None:
    assert table() == [
        ("service", "shop"),
        ("pending", "0, oldest 0.0 s"),
        ("held, outgoing", "0"),
        ("held, incoming", "0"),
        ("shards", "no relay has ever started"),
        ("lag, effects", "Kafka does not answer"),
    ]


@pytest.mark.usefixtures("away")
def test_the_age_of_what_is_pending_is_that_of_the_oldest() -> None:
    placed(2)
    first = OutboxEvent.objects.earliest("id")
    OutboxEvent.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert dict(table())["pending"].startswith("2, oldest 3600.")


@pytest.mark.usefixtures("away")
def test_what_is_published_is_not_pending_any_more() -> None:
    placed(2)
    relay, _ = a_relay()
    relay.run_once()
    assert dict(table())["pending"] == "0, oldest 0.0 s"


@pytest.mark.usefixtures("away")
def test_outgoing_events_that_are_held_are_counted() -> None:
    placed(2)
    OutboxEvent.objects.update(state="HELD")
    rows = dict(table())
    assert (rows["pending"], rows["held, outgoing"]) == ("0, oldest 0.0 s", "2")


@pytest.mark.usefixtures("away")
def test_incoming_messages_that_are_held_are_counted_by_consumer_and_reason() -> None:
    order = an_order()
    placed(3, order)
    for name in ("effects", "stock"):
        an_inbox(name, placed=fail).apply(messages_of(order))
    rows = dict(table())
    assert rows["held, incoming, effects"] == "2 behind, 1 failed"
    assert rows["held, incoming, stock"] == "2 behind, 1 failed"
    assert "held, incoming" not in rows


@pytest.mark.usefixtures("away")
def test_every_owner_of_shards_is_shown() -> None:
    relays = [a_relay()[0] for _ in range(2)]
    for _ in range(2):
        for relay in relays:
            relay.leases.heartbeat()
    shards = [shown for name, shown in table() if name.startswith("shards")]
    assert sorted(shards) == sorted(f"32 {relay.leases.owner}" for relay in relays)


@pytest.mark.usefixtures("away")
def test_the_shards_of_a_relay_that_died_have_no_owner() -> None:
    relay, _ = a_relay()
    relay.leases.heartbeat()
    has_died(relay.leases)
    shown = [row for row in table() if row[0].startswith("shards")]
    shards = ", ".join(map(str, range(SHARDS)))
    assert shown == [("shards without owner, relay", f"64 ({shards})")]


def test_a_consumer_that_has_read_nothing_lags_by_the_whole_topic(
    embedded_broker: Producer,
) -> None:
    publish(embedded_broker, 3)
    assert dict(table())["lag, effects"] == "3"


def test_lag_is_what_has_not_been_committed(embedded_broker: Producer) -> None:
    publish(embedded_broker, 3)
    commit(2)
    assert dict(table())["lag, effects"] == "1"


@pytest.mark.usefixtures("away")
def test_for_a_monitor_it_says_the_same_in_json() -> None:
    relay, _ = a_relay()
    relay.leases.heartbeat()
    order = an_order()
    placed(1, order)
    an_inbox(placed=fail).apply(messages_of(order))
    status = json.loads(output_of("outbox_status", "--json"))
    assert 0 <= status.pop("oldest_pending_seconds") < 60
    assert status == {
        "service": "shop",
        "pending": 1,
        "held_outgoing": 0,
        "held_incoming": {"effects": {"failed": 1}},
        "owners": {"relay": {relay.leases.owner: 64}},
        "unowned": {},
        "lag": {"effects": None},
    }


@pytest.mark.usefixtures("away")
def test_the_log_does_not_tell_again_that_kafka_is_away(caplog: pytest.LogCaptureFixture) -> None:
    output_of("outbox_status", "--json")
    assert caplog.messages == []


def publish(producer: Producer, count: int) -> None:
    """Put messages on the first partition of the shop's topic."""
    for _ in range(count):
        producer.produce("shop.events", b"{}", partition=0)
    assert producer.flush(10) == 0


def commit(offset: int) -> None:
    """As the consumer does when it has applied what is before an offset."""
    group = {"group.id": "shop.effects", "bootstrap.servers": options().bootstrap_servers}
    consumer = KafkaConsumer(group)
    consumer.commit(offsets=[TopicPartition("shop.events", 0, offset)], asynchronous=False)
    consumer.close()
