"""`outbox.append`."""

import uuid
from typing import Any

import pytest
from django.db import transaction

import outbox
from outbox.events import OutsideTransaction, append, append_batch
from outbox.models import SHARDS, OutboxEvent, shard_of
from outbox.registry import ContractViolation, UnknownEvent
from outbox.tracing import traced
from outbox.transactions import LostRace
from tests.outbox.factories import an_order, appended
from tests.outbox.shop.events import OrderPlaced, OrderShipped
from tests.outbox.shop.models import Order

pytestmark = pytest.mark.django_db(transaction=True)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_the_functions_are_offered_by_the_package() -> None:
    assert outbox.append is append
    assert outbox.append_batch is append_batch
    with pytest.raises(AttributeError, match="prepend"):
        _ = outbox.prepend


def test_events_are_numbered_from_one_in_the_order_they_are_appended() -> None:
    order = an_order()
    appended(order, OrderPlaced(amount=1), OrderShipped())
    appended(order, OrderPlaced(amount=2))
    rows = OutboxEvent.objects.filter(key=str(order.pk)).order_by("id")
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert Order.objects.get(pk=order.pk).event_sequence == 3


def test_appending_nothing_raises_no_sequence() -> None:
    order = an_order()
    with transaction.atomic():
        append(order)
    assert Order.objects.get(pk=order.pk).event_sequence == 0
    assert not OutboxEvent.objects.exists()


def test_an_order_that_is_not_saved_yet_is_numbered_by_its_insert() -> None:
    order = Order()
    with transaction.atomic():
        append(order, OrderPlaced(amount=1))
        order.save(force_insert=True)
    assert Order.objects.get(pk=order.pk).event_sequence == 1


def test_a_batch_numbers_the_events_of_each_of_its_aggregates() -> None:
    old, other, new = an_order(), an_order(), Order()
    appended(old, OrderPlaced(amount=1))
    with transaction.atomic():
        rows = append_batch(
            [
                (old, OrderShipped()),
                (other, OrderPlaced(amount=2)),
                (new, OrderPlaced(amount=3)),
                (other, OrderShipped()),
            ]
        )
        new.save(force_insert=True)
    numbered = [(row.key, row.sequence) for row in rows]
    assert numbered == [(str(old.pk), 2), (str(other.pk), 1), (str(new.pk), 1), (str(other.pk), 2)]
    stored = {order.pk: order.event_sequence for order in Order.objects.all()}
    assert stored == {old.pk: 2, other.pk: 2, new.pk: 1}


def test_a_batch_costs_the_same_for_many_aggregates_as_for_one(
    django_assert_num_queries: Any,
) -> None:
    orders = [an_order() for _ in range(50)]
    with transaction.atomic(), django_assert_num_queries(2):
        append_batch((order, OrderShipped()) for order in orders)


def test_one_stale_aggregate_fails_the_whole_batch() -> None:
    fresh, stale = an_order(), an_order()
    appended(Order.objects.get(pk=stale.pk))
    with pytest.raises(LostRace), transaction.atomic():
        append_batch([(fresh, OrderShipped()), (stale, OrderShipped())])
    assert not OutboxEvent.objects.filter(key=str(fresh.pk)).exists()


def test_a_rollback_takes_the_event_and_its_number_back() -> None:
    order = an_order()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        append(order, OrderPlaced(amount=1))
        raise ZeroDivisionError
    assert not OutboxEvent.objects.exists()
    assert Order.objects.get(pk=order.pk).event_sequence == 0


def test_outside_a_transaction_it_refuses() -> None:
    with pytest.raises(OutsideTransaction):
        append(an_order(), OrderPlaced(amount=1))


def test_an_aggregate_read_before_somebody_elses_append_loses_the_race() -> None:
    order = an_order()
    stale = Order.objects.get(pk=order.pk)
    appended(order)
    with pytest.raises(LostRace), transaction.atomic():
        append(stale, OrderPlaced(amount=2))
    assert OutboxEvent.objects.count() == 1


def test_a_payload_that_breaks_its_contract_is_never_stored() -> None:
    order = an_order()
    with pytest.raises(ContractViolation), transaction.atomic():
        append(order, OrderPlaced(amount=-1))
    assert not OutboxEvent.objects.exists()


def test_a_payload_over_the_limit_is_never_stored() -> None:
    order = an_order()
    with pytest.raises(ContractViolation, match="at most"), transaction.atomic():
        append(order, OrderPlaced(amount=1, note="x" * 1_000_000))
    assert not OutboxEvent.objects.exists()


def test_an_event_outside_the_registry_is_refused() -> None:
    class Stranger(OrderPlaced, frozen=True):
        type = "shop.Stranger.v1"

    with pytest.raises(UnknownEvent), transaction.atomic():
        append(an_order(), Stranger(amount=1))


def test_an_event_carries_the_trace_of_the_work_that_caused_it() -> None:
    with traced(TRACE):
        row = appended(an_order())[0]
    assert row.traceparent == TRACE
    assert appended(an_order())[0].traceparent == ""


def test_shards_are_spread_and_stable() -> None:
    keys = [str(uuid.UUID(int=number)) for number in range(2000)]
    used = {shard_of(key) for key in keys}
    assert used == set(range(SHARDS))
    assert shard_of("00000000-0000-0000-0000-000000000000") == 9
