"""Which status of an operation may follow which."""

import itertools
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from outbox.transactions import LostRace
from payment.models import IllegalTransition, Operation
from tests.payment import factories
from tests.payment.factories import NOW

pytestmark = pytest.mark.django_db

Status = Operation.Status
ALLOWED = {
    (Status.REQUESTED, Status.SUCCEEDED),
    (Status.REQUESTED, Status.FAILED),
    (Status.REQUESTED, Status.UNKNOWN),
    (Status.UNKNOWN, Status.SUCCEEDED),
    (Status.UNKNOWN, Status.FAILED),
    (Status.UNKNOWN, Status.UNKNOWN),
}
PAIRS = set(itertools.product(Status, Status))


def move(operation: Operation, target: Status) -> None:
    if target == Status.UNKNOWN:
        operation.postpone("timed out", wait=timedelta(seconds=1))
    else:
        operation.complete(target, now=NOW)


@pytest.mark.parametrize(("source", "target"), sorted(ALLOWED))
def test_a_status_that_may_follow_does(source: Status, target: Status) -> None:
    operation = factories.in_status(source)
    move(operation, target)
    stored = Operation.objects.get()
    assert (stored.status, stored.attempts) == (target, 1)
    assert (operation.status, operation.attempts) == (target, 1)


@pytest.mark.parametrize(("source", "target"), sorted(PAIRS - ALLOWED))
def test_a_status_that_may_not_follow_is_refused(source: Status, target: Status) -> None:
    operation = factories.in_status(source)
    with pytest.raises(IllegalTransition):
        move(operation, target)
    stored = Operation.objects.get()
    assert (stored.status, stored.attempts) == (source, 0)


def test_every_status_has_its_line_in_the_table() -> None:
    assert set(Operation.TRANSITIONS) == set(Status)


def test_what_is_open_is_what_may_still_move() -> None:
    assert set(Operation.OPEN) == {status for status, then in Operation.TRANSITIONS.items() if then}


@pytest.mark.parametrize("target", [Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN])
def test_an_operation_that_was_asked_again_since_it_was_read_does_not_move(target: Status) -> None:
    factories.in_status(Status.UNKNOWN)
    stale = Operation.objects.get()
    Operation.objects.get().postpone("timed out", wait=timedelta(seconds=1))
    with pytest.raises(LostRace):
        move(stale, target)
    assert Operation.objects.get().status == Status.UNKNOWN


def test_a_payment_has_each_number_once() -> None:
    operation = factories.operation()
    operation.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        operation.save(force_insert=True)


def test_a_long_reason_is_cut_to_what_the_column_holds() -> None:
    operation = factories.operation()
    operation.postpone("x" * 500, wait=timedelta(seconds=1))
    assert len(Operation.objects.get().reason) == 200
