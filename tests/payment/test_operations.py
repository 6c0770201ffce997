"""The work of `run_operations`: asking the processor outside transactions, many at once."""

import logging
import threading
import time
from collections import Counter
from concurrent.futures import wait
from functools import partial
from typing import Any

import pytest
from django.db import connections, transaction
from pytest_django import Settings

from contracts.payment import (
    PaymentAuthorized,
    PaymentDeclined,
)
from outbox.models import Lease, OutboxEvent
from payment import services
from payment.models import Operation
from payment.operations import Operations
from payment.processors import Approved, Declined, OutcomeUnknown, Processor, ask
from payment.processors.simulator import Simulator
from tests.payment import factories
from tests.payment.factories import NOW
from tests.payment.fakes import YES, Scripted, Watched
from tests.payment.working import (
    Worker,
    answered_then_killed,
    charged,
    make_due,
    nothing_open,
    nothing_requested,
    run_until,
)
from tests.threads import PATIENCE_SECONDS, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_leases")]


def test_a_card_is_authorized_recorded_and_told(worker: Worker, simulator: Simulator) -> None:
    operation = factories.operation()
    run_until(nothing_open, worker(simulator))
    operation.refresh_from_db()
    assert operation.status == Operation.Status.SUCCEEDED
    assert operation.processor_reference.startswith("sim_")
    event = OutboxEvent.objects.get()
    assert (event.type, event.sequence, event.key) == (
        PaymentAuthorized.type,
        1,
        str(operation.payment_id),
    )


def test_a_declined_card_is_recorded_and_told(worker: Worker, simulator: Simulator) -> None:
    operation = factories.operation(token="tok_decline")
    run_until(nothing_open, worker(simulator))
    operation.refresh_from_db()
    assert (operation.status, operation.reason) == (Operation.Status.FAILED, "card_declined")
    assert OutboxEvent.objects.get().type == PaymentDeclined.type


def test_the_processor_is_asked_for_what_booking_asked(worker: Worker) -> None:
    operation = factories.operation()
    processor = Scripted(YES)
    run_until(nothing_open, worker(processor))
    key = f"{operation.payment_id}:1"
    assert processor.asked == [factories.authorization(key)]


def test_with_nothing_due_there_is_nothing_to_do(worker: Worker) -> None:
    assert worker(Scripted(YES)).run_once() is False


def test_while_a_call_is_under_way_there_is(worker: Worker) -> None:
    factories.operation()
    answer = threading.Event()
    operations = worker(Watched(lambda _: answer.wait(PATIENCE_SECONDS)))
    assert operations.run_once() is True
    answer.set()
    run_until(nothing_open, operations)


def test_where_more_may_be_due_than_there_was_room_for_there_is(worker: Worker) -> None:
    factories.operations(2)
    operations = worker(Scripted(YES), in_flight=1)
    assert operations.run_once() is True


# Outcomes that are not known


def test_an_unknown_outcome_is_a_state_and_no_answer(worker: Worker) -> None:
    operation = factories.operation()
    run_until(nothing_requested, worker(Scripted(OutcomeUnknown("timed out"))))
    operation.refresh_from_db()
    assert (operation.status, operation.reason) == (Operation.Status.UNKNOWN, "timed out")
    assert not OutboxEvent.objects.exists()


def test_an_unknown_outcome_is_not_asked_about_before_its_time(worker: Worker) -> None:
    factories.operation()
    processor = Scripted(OutcomeUnknown("timed out"))
    operations = worker(processor)
    run_until(nothing_requested, operations)
    for _ in range(3):
        operations.run_once()
    assert len(processor.asked) == 1


def test_the_processor_is_asked_again_with_the_same_key_until_it_knows(worker: Worker) -> None:
    operation = factories.operation()
    unknown = OutcomeUnknown("timed out")
    processor = Scripted(unknown, unknown, YES)
    operations = worker(processor)

    def asked(times: int) -> bool:
        return Operation.objects.get().attempts == times

    for times in (1, 2, 3):
        run_until(partial(asked, times), operations)
        make_due()
    assert {asked.idempotency_key for asked in processor.asked} == {f"{operation.payment_id}:1"}
    assert len(processor.asked) == 3
    assert Operation.objects.get().status == Operation.Status.SUCCEEDED
    assert OutboxEvent.objects.count() == 1


def test_a_bug_in_a_processors_client_is_an_unknown_outcome_and_is_logged(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    operation = factories.operation()
    with caplog.at_level(logging.ERROR):
        run_until(nothing_requested, worker(Scripted(ZeroDivisionError("no such luck"))))
    operation.refresh_from_db()
    assert operation.status == Operation.Status.UNKNOWN
    assert operation.reason == "ZeroDivisionError('no such luck')"
    assert [record.exc_info is not None for record in caplog.records] == [True]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Declined(reason="Card declined!"),
        lambda: Declined(reason=""),
        lambda: Declined(reason="a" * 61),
        lambda: Approved(reference=""),
        lambda: Approved(reference="x" * 256),
    ],
)
def test_an_answer_that_could_not_be_recorded_or_told_is_none(make: Any) -> None:
    """It would stop the worker, and all other operations, each time again."""
    with pytest.raises(ValueError, match=r"code|reference"):
        make()


def test_one_failing_call_does_not_stop_the_others(worker: Worker) -> None:
    factories.operations(6)
    processor = Scripted(YES, RuntimeError("one of them"), YES)
    run_until(nothing_requested, worker(processor))
    statuses = Counter(Operation.objects.values_list("status", flat=True))
    assert statuses == {"SUCCEEDED": 5, "UNKNOWN": 1}


# Crashes


def test_a_crash_between_answer_and_record_is_asked_again_and_charged_once(
    worker: Worker, simulator: Simulator
) -> None:
    operation = factories.operation()
    answered_then_killed(Operations(simulator, in_flight=1))
    operation.refresh_from_db()
    assert (operation.status, charged(simulator)) == (Operation.Status.REQUESTED, 1)
    again = Watched(partial(ask, simulator))
    run_until(nothing_open, worker(again))  # once the dead worker's leases have run out
    assert again.calls == {operation.idempotency_key: 1}
    assert charged(simulator) == 1
    assert OutboxEvent.objects.get().type == PaymentAuthorized.type


def test_an_answer_that_another_worker_recorded_meanwhile_is_recorded_once(
    worker: Worker, simulator: Simulator
) -> None:
    factories.operation()
    slow = worker(simulator)
    slow.leases.keep()
    slow._start(slow.in_flight)
    wait(slow._calls)
    Lease.objects.update(owner="", expires_at=None)
    run_until(nothing_open, worker(simulator))
    slow.run_once()
    assert charged(simulator) == 1
    assert OutboxEvent.objects.count() == 1


def test_what_came_together_with_an_answer_recorded_before_is_recorded_all_the_same(
    worker: Worker,
) -> None:
    known, other = factories.operations(2)
    processor = Scripted(YES)
    operations = worker(processor)
    operations.leases.keep()
    operations._start(operations.in_flight)
    wait(operations._calls)
    services.record_answer(known, YES, now=NOW)
    operations.run_once()
    other.refresh_from_db()
    assert other.status == Operation.Status.SUCCEEDED
    assert len(processor.asked) == 2
    assert OutboxEvent.objects.count() == 2


def test_closing_waits_for_the_calls_under_way_and_records_their_answers() -> None:
    factories.operations(3)
    operations = Operations(Watched(lambda _: time.sleep(0.1)), in_flight=3)
    operations.leases.keep()
    operations._start(operations.in_flight)
    operations.close()
    assert nothing_open()
    assert OutboxEvent.objects.count() == 3


def test_closing_gives_the_shards_back(worker: Worker, simulator: Simulator) -> None:
    operations = Operations(simulator, in_flight=1)
    operations.run_once()
    operations.close()
    assert not Lease.objects.exclude(owner="").exists()


# Outside transactions, and many at once


def test_the_worker_has_no_transaction_open_while_the_processor_is_asked(
    worker: Worker, settings: Settings
) -> None:
    """The call runs in a thread of its own, so the worker's connection is looked at: with one
    operation and no heartbeat due, nothing else of the worker's can have a transaction open. A call
    made in the worker's own thread would be caught as well: it sees the same connection."""
    settings.OUTBOX = {**settings.OUTBOX, "LEASE_SECONDS": 60}
    factories.operation()
    workers_connection, seen = connections["default"], []

    def look(_: object) -> None:
        for _ in range(5):
            seen.append(workers_connection.in_atomic_block)
            time.sleep(0.01)  # the worker goes on to wait, with whatever it has open

    run_until(nothing_open, worker(Watched(look)))
    assert seen == [False] * 5


@pytest.mark.mariadb
def test_no_row_is_locked_while_the_processor_is_asked(worker: Worker) -> None:
    factories.operation()
    locked: list[Operation] = []

    def lock_everything(_: object) -> None:
        try:
            with transaction.atomic():
                locked.extend(Operation.objects.select_for_update(nowait=True).select_related())
        finally:
            connections.close_all()

    run_until(nothing_requested, worker(Watched(lock_everything)))
    assert Operation.objects.get().status == Operation.Status.SUCCEEDED, Operation.objects.get()
    assert len(locked) == 1


def test_many_calls_are_under_way_at_once(worker: Worker) -> None:
    """The barrier opens only when all twenty have come."""
    factories.operations(20)
    barrier = threading.Barrier(20)
    processor = Watched(lambda _: barrier.wait(PATIENCE_SECONDS))
    run_until(nothing_open, worker(processor, in_flight=20))
    assert processor.most == 20
    assert not OutboxEvent.objects.exclude(type=PaymentAuthorized.type).exists()


def test_no_more_calls_are_under_way_than_allowed(worker: Worker) -> None:
    factories.operations(12)
    processor = Watched(lambda _: time.sleep(0.02))
    run_until(nothing_open, worker(processor, in_flight=3))
    assert processor.most == 3
    assert set(processor.calls.values()) == {1}


def test_a_slow_call_does_not_hold_up_the_others(worker: Worker) -> None:
    slow, others = factories.operation(), factories.operations(5)
    finish = threading.Event()

    def dawdle(authorization: Any) -> None:
        if authorization.idempotency_key == slow.idempotency_key:
            finish.wait(PATIENCE_SECONDS)

    def others_done() -> bool:
        return Operation.objects.filter(status=Operation.Status.SUCCEEDED).count() == len(others)

    operations = worker(Watched(dawdle), in_flight=2)
    try:
        run_until(others_done, operations)
    finally:
        finish.set()
    run_until(nothing_open, operations)


# Several workers


def work_beside_another(processor: Processor, both: threading.Barrier) -> int:
    """One of two workers; returns how many shards it had when both were there."""
    operations = Operations(processor, in_flight=4)
    try:
        operations.leases.heartbeat()
        both.wait(PATIENCE_SECONDS)
        operations.leases.heartbeat()
        both.wait(PATIENCE_SECONDS)
        operations.leases.heartbeat()
        shards = len(operations.leases.shards)
        both.wait(PATIENCE_SECONDS)
        run_until(nothing_open, operations)
        return shards
    finally:
        operations.close()


@pytest.mark.mariadb
def test_two_workers_share_the_shards_and_ask_for_nothing_twice() -> None:
    factories.operations(40)
    both = threading.Barrier(2)
    processors = [Watched(lambda _: time.sleep(0.02)) for _ in range(2)]
    shards = at_once([partial(work_beside_another, processor, both) for processor in processors])
    assert shards == [32, 32]
    assert all(processor.calls for processor in processors)
    calls = processors[0].calls + processors[1].calls
    assert (len(calls), set(calls.values())) == (40, {1})
    assert OutboxEvent.objects.count() == 40


def test_a_worker_that_joins_does_not_ask_for_what_the_first_is_asking_for(worker: Worker) -> None:
    """A shard changes hands only when no call for it is under way."""
    factories.operations(20)
    finish = threading.Event()
    processor = Watched(lambda _: finish.wait(PATIENCE_SECONDS))
    first, second = (worker(processor, in_flight=20) for _ in range(2))
    first.run_once()
    try:
        for operations in (second, first, second):
            operations.leases.heartbeat()
            operations.run_once()
        doubled = processor.doubled
    finally:
        finish.set()
    assert doubled == set()


def test_a_declined_and_an_approved_card_are_told_apart(worker: Worker) -> None:
    factories.operations(2)
    run_until(nothing_open, worker(Scripted(Declined(reason="stolen"), YES), in_flight=1))
    statuses = Counter(Operation.objects.values_list("status", flat=True))
    assert statuses == {"FAILED": 1, "SUCCEEDED": 1}
