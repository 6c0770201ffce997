"""Which status of an operation may follow which."""

import itertools
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F

from outbox.transactions import LostRace
from payment.models import AppendOnly, IllegalTransition, LedgerEntry, Operation, Payment
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW

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
        operation.postpone("timed out", wait=timedelta(seconds=1), now=NOW)
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
    Operation.objects.get().postpone("timed out", wait=timedelta(seconds=1), now=NOW)
    with pytest.raises(LostRace), transaction.atomic():
        move(stale, target)
    assert Operation.objects.get().status == Status.UNKNOWN


def test_a_payment_has_each_number_once() -> None:
    operation = factories.operation()
    operation.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        operation.save(force_insert=True)


def test_a_long_reason_is_cut_to_what_the_column_holds() -> None:
    operation = factories.operation()
    operation.postpone("x" * 500, wait=timedelta(seconds=1), now=NOW)
    assert len(Operation.objects.get().reason) == 200


# What the database holds, whoever writes


TOTALS = ["authorized_amount", "captured_amount", "refunded_amount", "voided_amount"]


@pytest.mark.parametrize(
    "amounts",
    [
        (100, 101, 0, 0),
        (100, 0, 0, 101),
        (100, 60, 0, 41),
        (100, 60, 61, 0),
        (0, 0, 1, 0),
    ],
)
def test_a_payments_totals_keep_within_each_other(amounts: tuple[int, ...]) -> None:
    factories.payment()
    with pytest.raises(IntegrityError), transaction.atomic():
        Payment.objects.update(**dict(zip(TOTALS, amounts, strict=True)))


@pytest.mark.parametrize("total", TOTALS)
def test_no_total_is_negative(total: str) -> None:
    factories.payment()
    with pytest.raises(DatabaseError), transaction.atomic():
        Payment.objects.update(**{total: F(total) - 1})


@pytest.mark.parametrize(
    "amounts",
    [
        {"captured_amount": AMOUNT + 1},
        {"voided_amount": AMOUNT + 1},
        {"captured_amount": 1, "voided_amount": AMOUNT},
        {"captured_amount": 1, "refunded_amount": 2},
    ],
)
def test_no_more_is_made_of_an_authorization_than_it_is(amounts: dict[str, int]) -> None:
    factories.authorized()
    with pytest.raises(IntegrityError), transaction.atomic():
        Operation.objects.update(**amounts)


def test_nothing_is_made_of_an_authorization_that_did_not_succeed() -> None:
    factories.operation()
    with pytest.raises(IntegrityError), transaction.atomic():
        Operation.objects.update(captured_amount=1)


def test_a_follow_up_names_its_authorization_and_an_authorization_none() -> None:
    factories.asked("VOID", factories.payment())
    for number, wrong in ((1, 5), (2, None)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Operation.objects.filter(number=number).update(authorization_number=wrong)


def test_the_ledger_is_only_added_to() -> None:
    factories.operation()
    entry = LedgerEntry.objects.get()
    entry.amount = 1
    for change in (
        entry.save,
        entry.delete,
        LedgerEntry.objects.all().delete,
        lambda: LedgerEntry.objects.update(amount=1),
    ):
        with pytest.raises(AppendOnly):
            change()
    assert LedgerEntry.objects.get().amount == 0
