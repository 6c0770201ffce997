"""The saga's row."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from booking.models import Saga
from outbox.transactions import LostRace
from tests.booking import factories
from tests.booking.factories import NOW

pytestmark = pytest.mark.django_db


def test_a_saga_moves_on_and_stays_live() -> None:
    reservation = factories.pending_reservation()
    later = NOW + timedelta(seconds=1)
    Saga.objects.get().move_to("CAPTURING", ends=False, now=later)
    stored = Saga.objects.get()
    assert (stored.step, stored.live, stored.updated_at) == ("CAPTURING", reservation.pk, later)


def test_a_saga_that_ends_is_live_no_more() -> None:
    factories.pending_reservation()
    Saga.objects.get().move_to("DONE", ends=True, now=NOW)
    stored = Saga.objects.get()
    assert (stored.step, stored.live) == ("DONE", None)


def test_a_saga_that_has_moved_since_it_was_read_does_not_move() -> None:
    factories.pending_reservation()
    stale = Saga.objects.get()
    Saga.objects.get().move_to("DONE", ends=True, now=NOW)
    with pytest.raises(LostRace):
        stale.move_to("COMPENSATED", ends=True, now=NOW)
    assert Saga.objects.get().step == "DONE"


def start_another() -> None:
    first = Saga.objects.get()
    Saga.objects.create(
        reservation=first.reservation,
        kind=Saga.Kind.BUYING,
        step="AUTHORIZING",
        live=first.reservation_id,
        started_at=NOW,
        updated_at=NOW,
    )


def test_a_reservation_has_one_live_saga_at_most() -> None:
    factories.pending_reservation()
    with pytest.raises(IntegrityError), transaction.atomic():
        start_another()


def test_a_saga_may_follow_one_that_has_ended() -> None:
    factories.pending_reservation()
    first = Saga.objects.get()
    first.move_to("DONE", ends=True, now=NOW)
    start_another()
    assert Saga.objects.filter(live__isnull=False).count() == 1
