"""Claims about locks, on real connections to a real MariaDB."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from outbox.events import append
from outbox.leases import Leases
from outbox.models import SHARDS, HeldMessage, InboxMark, OutboxEvent
from outbox.transactions import LostRace, unit_of_work
from tests.outbox.factories import a_relay, an_inbox, an_order, effects, messages_of, placed
from tests.outbox.shop.events import OrderPlaced
from tests.outbox.shop.models import Effect, Order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.mariadb]


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs in threads, each on a connection of its own; results or exceptions, in order."""
    ready = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            ready.wait(10)
            return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_of_two_appends_that_read_the_same_state_one_loses() -> None:
    order = an_order()

    both_have_read = threading.Barrier(2)

    def job() -> str:
        mine = Order.objects.get(pk=order.pk)
        both_have_read.wait(10)
        with transaction.atomic():
            append(mine, OrderPlaced(amount=1))
        return "done"

    results = at_once(job, job)
    assert {type(result) for result in results} == {str, LostRace}
    assert [row.sequence for row in OutboxEvent.objects.all()] == [1]


def test_units_of_work_on_one_aggregate_number_their_events_without_a_gap() -> None:
    order = an_order()

    @unit_of_work
    def job() -> None:
        append(Order.objects.get(pk=order.pk), OrderPlaced(amount=1))

    assert at_once(*[job] * 6) == [None] * 6
    rows = OutboxEvent.objects.order_by("id")
    assert [row.sequence for row in rows] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("known", [0, 1])
def test_the_same_events_in_two_consumers_at_once_are_applied_once(known: int) -> None:
    order = an_order()
    placed(20, order)
    messages = messages_of(order)
    an_inbox().apply(messages[:known])
    results = at_once(*[lambda: an_inbox().apply(messages)] * 3)
    assert results == [None] * 3
    assert effects() == [f"placed {number}" for number in range(1, 21)]
    assert InboxMark.objects.get().sequence == 20
    assert not HeldMessage.objects.exists()


def test_a_consumer_waits_for_no_key_but_its_own() -> None:
    order = an_order()
    placed(2, order)
    first, second = messages_of(order)
    an_inbox().apply([first])
    InboxMark.objects.bulk_create(
        InboxMark(consumer="effects", source="shop", key=f"other-{number}", sequence=1)
        for number in range(500)
    )

    def apply() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
        an_inbox().apply([second])

    with transaction.atomic():
        others = InboxMark.objects.filter(key__startswith="other-").select_for_update()
        assert len(others) == 500
        assert at_once(apply) == [None]
    assert effects() == ["placed 1", "placed 2"]


def test_workers_that_start_at_once_never_share_a_shard() -> None:
    everyone = [Leases("tests", seconds=30) for _ in range(4)]

    for _ in range(3):
        assert at_once(*[leases.heartbeat for leases in everyone]) == [None] * 4
    held = [shard for leases in everyone for shard in leases.shards]
    assert sorted(held) == list(range(SHARDS))


def test_relays_at_once_publish_everything_once_and_in_order() -> None:
    orders = [an_order() for _ in range(30)]
    for order in orders:
        placed(5, order)
    relays = [a_relay() for _ in range(3)]
    for relay, _ in relays * 3:
        relay.leases.heartbeat()
    at_once(*[relay.run_once for relay, _ in relays])
    for order in orders:
        published = [broker.sequences(str(order.pk)) for _, broker in relays]
        assert [sequences for sequences in published if sequences] == [[1, 2, 3, 4, 5]]


def test_a_deadlock_is_tried_again_until_both_are_through() -> None:
    one, two = Effect.objects.create(text="one"), Effect.objects.create(text="two")
    both_hold_one = threading.Barrier(2)
    meeting = [True, True]

    def cross(first: Effect, second: Effect, who: int) -> Callable[[], None]:
        @unit_of_work
        def job() -> None:
            Effect.objects.filter(pk=first.pk).update(text="x")
            if meeting[who]:
                meeting[who] = False
                both_hold_one.wait(10)
            Effect.objects.filter(pk=second.pk).update(text="y")

        return job

    assert at_once(cross(one, two, 0), cross(two, one, 1)) == [None, None]


def test_reading_what_is_pending_waits_for_nobody() -> None:
    order = an_order()
    relay, _ = a_relay()
    relay.leases.heartbeat()
    with transaction.atomic():
        append(order, OrderPlaced(amount=1))
        assert at_once(relay.run_once) == [False]
    assert at_once(relay.run_once) == [True]
