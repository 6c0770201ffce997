"""Races, each decided by real connections on a real database."""

from collections import Counter
from functools import partial

import pytest

from outbox.models import OutboxEvent
from payment import selectors, services
from payment.models import IllegalTransition, Operation, Payment
from payment.processors import Approved
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW
from tests.threads import FirstCallsTogether, at_once

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


def test_one_request_handled_by_several_consumers_at_once_is_one_operation() -> None:
    request = partial(services.request_authorization, factories.requested(), now=NOW)
    assert at_once([request] * 6) == [None] * 6
    assert (Payment.objects.count(), Operation.objects.count()) == (1, 1)


def test_one_answer_recorded_by_two_workers_at_once_is_recorded_and_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operation = factories.operation()
    read = FirstCallsTogether(selectors.operation, 2)
    monkeypatch.setattr(selectors, "operation", read)
    record = partial(services.record_answer, operation, Approved(reference="ref_1"), now=NOW)
    outcomes = Counter(type(outcome) for outcome in at_once([record] * 2))
    assert outcomes == {type(None): 1, IllegalTransition: 1}
    assert read.calls == 3  # the loser read again
    assert OutboxEvent.objects.count() == 1
    assert Payment.objects.get().authorized_amount == AMOUNT
