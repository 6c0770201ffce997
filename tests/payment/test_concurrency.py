"""Races, each decided by real connections on a real database."""

import threading
from collections import Counter
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from outbox.models import OutboxEvent
from payment import selectors, services
from payment.models import IllegalTransition, Operation, Payment
from payment.processors import Approved
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW
from tests.threads import PATIENCE_SECONDS, FirstCallsTogether, at_once

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


def test_one_request_handled_by_several_consumers_at_once_is_one_operation() -> None:
    request = partial(services.request_authorization, factories.requested(), now=NOW)
    assert at_once([request] * 6) == [None] * 6
    assert (Payment.objects.count(), Operation.objects.count()) == (1, 1)


def test_one_answer_recorded_by_two_workers_at_once_is_recorded_and_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operation = factories.operation()
    read = FirstCallsTogether(selectors.operations, 2)
    monkeypatch.setattr(selectors, "operations", read)
    record = partial(services.record_answer, operation, Approved(reference="ref_1"), now=NOW)
    outcomes = Counter(type(outcome) for outcome in at_once([record] * 2))
    assert outcomes == {type(None): 1, IllegalTransition: 1}
    assert read.calls == 3  # the loser read again
    assert OutboxEvent.objects.count() == 1
    assert Payment.objects.get().authorized_amount == AMOUNT


def test_who_adds_an_operation_has_the_payment_locked_until_it_is_committed() -> None:
    """So operations get their ids, and with them their turns, in the order of the commits."""
    payment = factories.authorized()
    first, second = (factories.follow_up("CAPTURE", payment.pk, number=n) for n in (2, 3))
    recorded, second_done = threading.Event(), threading.Event()

    def hold() -> bool:
        with transaction.atomic():
            services.request_follow_up(first, now=NOW)
            recorded.set()
            return second_done.wait(0.5)

    def follow() -> bool:
        recorded.wait(PATIENCE_SECONDS)
        services.request_follow_up(second, now=NOW)
        second_done.set()
        return True

    assert at_once([hold, follow]) == [False, True]
    ids = Operation.objects.filter(number__in=(2, 3)).order_by("number").values_list("id", "number")
    assert list(ids) == sorted(ids)


@pytest.mark.parametrize("kind", ["CAPTURE", "REFUND"])
def test_two_answers_that_are_too_much_together_are_not_both_recorded(kind: str) -> None:
    """However it came to that: the database has the last word."""
    payment = factories.authorized() if kind == "CAPTURE" else factories.captured()
    both = [factories.asked(kind, payment, number=n, amount=AMOUNT - 1) for n in (3, 4)]
    record = [
        partial(services.record_answer, one, Approved(reference=f"ref_{one.number}"), now=NOW)
        for one in both
    ]
    outcomes = Counter(type(outcome) for outcome in at_once(record))
    assert outcomes == {type(None): 1, IntegrityError: 1}
    total = Operation.TOTALS[kind]
    assert getattr(Payment.objects.get(), total) == AMOUNT - 1
    assert getattr(Operation.objects.get(number=1), total) == AMOUNT - 1


def test_two_that_reconcile_at_once_refund_once() -> None:
    payment = factories.captured()
    Payment.objects.update(owed_amount=0)
    repair = partial(services.refund_excess, payment.pk, now=NOW)
    assert sorted(map(str, at_once([repair] * 4))) == ["False", "False", "False", "True"]
    assert Operation.objects.get(kind="REFUND").amount == AMOUNT
