"""The relay, on an in-memory broker."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from outbox import operators
from outbox.kafka import BrokerAway, Outcome
from outbox.models import Lease, OutboxEvent
from outbox.relay import BEHIND, waves
from outbox.rows import Row
from outbox.testing import InMemoryBroker
from tests.outbox.factories import a_relay, an_order, appended, has_died, placed, states
from tests.outbox.shop.events import OrderPlaced, OrderShipped

pytestmark = pytest.mark.django_db(transaction=True)


def test_committed_events_are_published_and_marked() -> None:
    rows = placed(3)
    relay, broker = a_relay()
    assert relay.run_once()
    assert states(rows) == ["PUBLISHED"] * 3
    assert broker.sequences(rows[0].key) == [1, 2, 3]
    assert not relay.run_once()


def test_who_is_nudged_looks_again_only_where_there_may_be_more(settings: Any) -> None:
    settings.OUTBOX = {**settings.OUTBOX, "RELAY_BATCH": 2}
    rows = placed(3)
    relay, _ = a_relay()
    relay.leases.address = "127.0.0.1:1"
    assert relay.run_once()
    placed(1)
    assert not relay.run_once()
    assert states(rows) == ["PUBLISHED"] * 3


def test_a_published_event_is_a_cloudevent_in_binary_mode() -> None:
    row = placed(1)[0]
    relay, broker = a_relay()
    relay.run_once()
    message = broker.topics["shop.events"][0]
    headers = dict(message.headers)
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_id"].decode() == str(row.event_id)
    assert headers["ce_source"] == b"/shop"
    assert headers["ce_type"] == b"shop.OrderPlaced.v1"
    assert headers["ce_subject"].decode() == row.key == (message.key or b"").decode()
    assert headers["ce_sequence"] == b"1"
    assert headers["content-type"] == b"application/json"
    assert message.value == b'{"amount":1,"note":""}'


def test_no_wave_holds_two_rows_of_one_key() -> None:
    first, second = an_order(), an_order()
    placed(3, first)
    placed(2, second)
    relay, broker = a_relay()
    relay.run_once()
    keys = [[row.key for row in wave] for wave in broker.waves]
    assert [len(wave) for wave in keys] == [2, 2, 1]
    assert all(len(set(wave)) == len(wave) for wave in keys)


def test_waves_keep_the_order_of_every_key() -> None:
    rows = [Row.of(event) for event in (*placed(3), *placed(1))]
    assert [[row.sequence for row in wave] for wave in waves(rows)] == [[1, 1], [2], [3]]


def test_what_is_not_acknowledged_is_sent_again_before_its_successors() -> None:
    order = an_order()
    rows = appended(order, OrderPlaced(amount=1), OrderShipped(), OrderPlaced(amount=2))
    relay, broker = a_relay()
    broker.away.add(OrderShipped.type)
    with pytest.raises(BrokerAway):
        relay.run_once()
    assert states(rows) == ["PUBLISHED", "PENDING", "PENDING"]
    assert broker.sequences(str(order.pk)) == [1]
    broker.away.clear()
    relay.run_once()
    assert broker.sequences(str(order.pk)) == [1, 2, 3]


def test_what_is_refused_for_good_is_held_with_its_successors_and_others_go_on() -> None:
    order, other = an_order(), an_order()
    rows = appended(order, OrderPlaced(amount=1), OrderShipped(), OrderPlaced(amount=2))
    relay, broker = a_relay()
    broker.refuses.add(OrderShipped.type)
    relay.run_once()
    placed(2, other)
    relay.run_once()
    assert states(rows) == ["PUBLISHED", "HELD", "HELD"]
    assert broker.sequences(str(order.pk)) == [1]
    assert broker.sequences(str(other.pk)) == [1, 2]
    assert [row.error for row in OutboxEvent.objects.filter(state="HELD").order_by("id")] == [
        "refused",
        BEHIND,
    ]


def test_what_is_appended_to_a_held_key_joins_it() -> None:
    order = an_order()
    appended(order, OrderShipped())
    relay, broker = a_relay()
    broker.refuses.add(OrderShipped.type)
    relay.run_once()
    later = placed(2, order)
    relay.run_once()
    assert states(later) == ["HELD", "HELD"]
    assert broker.sequences(str(order.pk)) == []


def test_another_relay_that_takes_over_knows_what_is_held() -> None:
    order = an_order()
    appended(order, OrderShipped())
    relay, broker = a_relay()
    broker.refuses.add(OrderShipped.type)
    relay.run_once()
    relay.close()
    later = placed(1, order)
    successor, broker = a_relay()
    successor.run_once()
    assert states(later) == ["HELD"]
    assert broker.waves == [[]] or broker.waves == []


def test_a_relay_whose_leases_somebody_else_has_taken_cannot_mark() -> None:
    rows = placed(1)
    relay, broker = a_relay()
    relay.leases.heartbeat()
    Lease.objects.update(owner="somebody else", epoch=99)
    relay.run_once()
    assert states(rows) == ["PENDING"]
    assert broker.sequences(rows[0].key) == [1]


def test_a_relay_that_lost_and_regained_its_leases_cannot_mark_under_the_old_epoch() -> None:
    rows = placed(1)
    relay, _ = a_relay()
    relay.leases.heartbeat()
    Lease.objects.update(epoch=99)
    relay.run_once()
    assert states(rows) == ["PENDING"]


def test_a_relay_that_slept_through_its_leases_publishes_nothing() -> None:
    placed(1)
    relay, broker = a_relay()
    relay.leases.heartbeat()
    relay.leases._valid_until = 0
    relay.run_once()
    assert broker.waves == []


def test_a_relay_whose_leases_run_out_on_the_way_starts_no_other_wave() -> None:
    events = placed(2)
    relay, broker = a_relay()
    publish = broker.publish

    def sleep_through_the_leases(rows: Sequence[Row], timeout: float) -> Outcome:
        relay.leases._valid_until = 0
        return publish(rows, timeout)

    broker.publish = sleep_through_the_leases  # type: ignore[method-assign]
    while not broker.sequences(events[0].key):  # a slow machine may have lost them before the first
        relay.run_once()
    assert broker.sequences(events[0].key) == [1]


def test_a_batch_ends_when_half_the_lease_is_over_so_that_a_long_one_keeps_it() -> None:
    events = placed(3)
    relay, broker = a_relay()
    publish = broker.publish

    def take_long(rows: Sequence[Row], timeout: float) -> Outcome:
        relay.leases._valid_until = time.monotonic() + relay.leases.seconds / 3
        return publish(rows, timeout)

    broker.publish = take_long  # type: ignore[method-assign]
    relay.run_once()
    assert states(events) == ["PUBLISHED", "PENDING", "PENDING"]
    relay.run_once()
    relay.run_once()
    assert states(events) == ["PUBLISHED"] * 3
    assert broker.sequences(events[0].key) == [1, 2, 3]


@pytest.fixture
def marks_later(settings: Any) -> None:
    settings.OUTBOX = {**settings.OUTBOX, "MARK_AFTER_SECONDS": 60}


@pytest.mark.usefixtures("marks_later")
class TestMarkingLater:
    """What came within a short while is marked together."""

    def test_what_is_published_and_not_marked_yet_is_not_sent_again(self) -> None:
        order = an_order()
        relay, broker = a_relay()
        first = placed(1, order)
        assert relay.run_once()
        assert states(first) == ["PENDING"]
        placed(2, order)
        relay.run_once()
        assert not relay.run_once()
        assert broker.sequences(str(order.pk)) == [1, 2, 3]

    def test_it_is_marked_when_it_is_time(self) -> None:
        rows = placed(2)
        relay, _ = a_relay()
        relay.run_once()
        relay._mark_at = time.monotonic()
        assert not relay.run_once()
        assert states(rows) == ["PUBLISHED"] * 2

    def test_it_is_marked_when_it_is_much(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("outbox.relay.MANY_UNMARKED", 3)
        order = an_order()
        rows = placed(2, order)
        relay, _ = a_relay()
        relay.run_once()
        assert states(rows) == ["PENDING"] * 2
        rows += placed(1, order)
        relay.run_once()
        assert states(rows) == ["PUBLISHED"] * 3

    def test_it_is_marked_when_the_broker_goes_away(self) -> None:
        order = an_order()
        rows = placed(1, order)
        relay, broker = a_relay()
        relay.run_once()
        relay._mark_at = time.monotonic()
        appended(order, OrderShipped())
        broker.away.add(OrderShipped.type)
        with pytest.raises(BrokerAway):
            relay.run_once()
        assert states(rows) == ["PUBLISHED"]

    def test_it_is_marked_before_a_relay_stops(self) -> None:
        rows = placed(2)
        relay, _ = a_relay()
        relay.run_once()
        relay.close()
        assert states(rows) == ["PUBLISHED"] * 2

    def test_its_shards_are_not_given_to_a_relay_that_joins(self) -> None:
        rows = [placed(1)[0] for _ in range(20)]
        relay, _ = a_relay()
        relay.run_once()
        other, others_broker = a_relay()
        other.leases.heartbeat()
        relay.leases.heartbeat()
        other.leases.heartbeat()
        assert {row.shard for row in rows} <= set(relay.leases.shards)
        other.run_once()
        assert not others_broker.waves

    def test_what_was_sent_under_a_lease_that_is_lost_is_sent_again_and_not_marked(self) -> None:
        rows = placed(1)
        relay, _ = a_relay()
        relay.run_once()
        has_died(relay.leases)
        other, others_broker = a_relay()
        other.leases.heartbeat()
        relay.leases.heartbeat()
        relay.close()
        assert states(rows) == ["PENDING"]
        other.run_once()
        assert others_broker.sequences(rows[0].key) == [1]


def test_without_leases_nothing_is_published() -> None:
    placed(1)
    other, _ = a_relay()
    other.leases.heartbeat()
    relay, broker = a_relay()
    relay.run_once()
    assert broker.waves == []
    other.close()
    relay.leases.heartbeat()
    relay.run_once()
    assert len(broker.waves) == 1


def test_a_dead_relays_shards_are_taken_over_when_its_leases_run_out() -> None:
    rows = placed(1)
    dead, _ = a_relay()
    dead.leases.heartbeat()
    has_died(dead.leases)
    relay, broker = a_relay()
    relay.run_once()
    assert states(rows) == ["PUBLISHED"]
    assert broker.sequences(rows[0].key) == [1]


def test_the_holder_of_the_first_shard_removes_what_was_readable_long_enough() -> None:
    old, young = placed(3), placed(2)
    relay, _ = a_relay()
    relay.run_once()
    long_ago = timezone.now() - timedelta(days=8)
    OutboxEvent.objects.filter(pk__in=[row.pk for row in old]).update(published_at=long_ago)
    relay.run_once()
    assert OutboxEvent.objects.count() == 5, "it looks once a minute"
    relay._next_purge = 0
    relay.run_once()
    assert list(OutboxEvent.objects.order_by("id")) == young


def test_of_two_relays_the_one_that_takes_over_knows_at_once_what_the_other_held() -> None:
    order = an_order()
    one, broker = a_relay(InMemoryBroker(refuses={OrderShipped.type}))
    one.leases.heartbeat()
    other, _ = a_relay(broker)
    other.leases.heartbeat()
    one.leases.heartbeat()
    other.leases.heartbeat()
    appended(order, OrderShipped())
    one.run_once()
    other.run_once()
    appended(order, OrderPlaced(amount=1))
    holder, heir = (one, other) if one._held_keys else (other, one)
    holder.close()
    heir.leases.heartbeat()
    heir.run_once()
    assert broker.sequences(str(order.pk)) == []
    assert not OutboxEvent.objects.exclude(state="HELD").exists()


def test_an_event_that_was_read_just_before_its_key_is_replayed_does_not_overtake(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = an_order()
    appended(order, OrderShipped(), OrderPlaced(amount=1))
    relay, broker = a_relay(InMemoryBroker(refuses={OrderShipped.type}))
    relay.run_once()
    broker.refuses.clear()
    placed(1, order)
    read = relay._pending

    def read_and_be_late(shards: Any) -> Any:
        batch = read(shards)
        monkeypatch.setattr(relay, "_pending", read)
        operators.replay_outgoing(str(order.pk), actor="anna", reason="mended")
        return batch

    monkeypatch.setattr(relay, "_pending", read_and_be_late)
    while relay.run_once():
        pass
    assert broker.sequences(str(order.pk)) == [1, 2, 3]
