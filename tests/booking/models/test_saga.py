"""The saga's row."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from booking.models import Saga
from outbox.transactions import LostRace
from tests.booking import factories
from tests.booking.factories import NOW

pytestmark = pytest.mark.django_db


def test_a_saga_moves_on_and_has_another_version() -> None:
    factories.pending_reservation()
    later = NOW + timedelta(seconds=1)
    Saga.objects.get().change(step="CAPTURING", now=later)
    stored = Saga.objects.get()
    assert (stored.step, stored.version, stored.updated_at) == ("CAPTURING", 2, later)


def test_a_change_stores_the_numbers_of_the_payment_operations() -> None:
    factories.pending_reservation()
    saga = Saga.objects.get()
    saga.capture_number, saga.void_number = 2, 3
    saga.refund_number, saga.refused_number = 4, 5
    saga.first_refund_number, saga.returned_number = 6, 7
    saga.change(now=NOW)
    stored = Saga.objects.get()
    assert [getattr(stored, name) for name in Saga.NUMBERS] == [1, 2, 3, 4, 6, 5, 7]


def test_a_change_stores_what_was_learned() -> None:
    factories.pending_reservation()
    saga = Saga.objects.get()
    learned: dict[str, Any] = {name: 7 for name in Saga.FACTS if name.endswith("amount")}
    learned |= {"canceled_by": "customer", "cancel_settlement": {"charged": 1}}
    for name, value in learned.items():
        setattr(saga, name, value)
    saga.change(now=NOW)
    stored = Saga.objects.get()
    assert {name: getattr(stored, name) for name in Saga.FACTS} == learned


@pytest.mark.parametrize("captured", [0, 6])
def test_no_more_is_given_back_than_was_charged(captured: int) -> None:
    factories.pending_reservation()
    # MariaDB reports a broken CHECK as error 4025, which Django hands on as OperationalError.
    with pytest.raises(Exception, match="saga_refund_within_charge"), transaction.atomic():
        Saga.objects.update(captured_amount=captured, refunded_amount=captured + 1)


def test_what_the_database_has_evaluated_is_read_from_it() -> None:
    factories.pending_reservation()
    saga = Saga.objects.get()
    saga.change(now=NOW, wait=timedelta(hours=1))
    assert saga.deadline_at == Saga.objects.get().deadline_at
    assert saga.deadline_at is not None


@pytest.mark.parametrize("by_the_other", [{"step": "DONE"}, {"attempts": 2}])
def test_a_saga_that_has_changed_since_it_was_read_is_not_changed(
    by_the_other: dict[str, Any],
) -> None:
    factories.pending_reservation()
    stale = Saga.objects.get()
    Saga.objects.get().change(now=NOW, **by_the_other)
    with pytest.raises(LostRace), transaction.atomic():
        stale.change(step="COMPENSATED", now=NOW)
    assert Saga.objects.get().step != "COMPENSATED"


def start_another() -> None:
    first = Saga.objects.get()
    Saga.objects.create(
        reservation=first.reservation,
        kind=Saga.Kind.BUYING,
        step="AUTHORIZING",
        live=first.reservation_id,
        started_at=NOW,
        entered_at=NOW,
        updated_at=NOW,
    )


def test_a_reservation_has_one_live_saga_at_most() -> None:
    factories.pending_reservation()
    with pytest.raises(IntegrityError), transaction.atomic():
        start_another()


def test_a_saga_may_follow_one_that_has_ended() -> None:
    factories.pending_reservation()
    first = Saga.objects.get()
    first.change(step="DONE", live=None, now=NOW)
    start_another()
    assert Saga.objects.filter(live__isnull=False).count() == 1
