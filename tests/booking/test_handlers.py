"""Payment's events as they come from Kafka, through the inbox."""

import pytest

from booking.handlers import PAYMENTS
from booking.models import Reservation, Saga, TimelineEntry
from outbox.events import history
from outbox.inbox import Inbox
from outbox.models import HeldMessage, InboxMark
from tests.booking import factories
from tests.messages import incoming
from tests.packets import first_words, packets

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox("payments", PAYMENTS)


def test_an_authorization_confirms_the_reservation(inbox: Inbox) -> None:
    reservation = factories.pending_reservation()
    inbox.apply([incoming(factories.authorized(reservation.pk), key=reservation.pk)])
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CONFIRMED
    assert InboxMark.objects.get().sequence == 1


@pytest.mark.mariadb
def test_an_answer_takes_three_packets(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The saga is read with the marks, and COMMIT waits for what must hold."""
    first, second = factories.pending_reservation(), factories.reserve(seat_number="12B")
    inbox.apply([incoming(factories.authorized(first.pk), key=first.pk)])  # makes the SQL
    answer = incoming(factories.authorized(second.pk), key=second.pk)
    with packets(monkeypatch) as sent:
        inbox.apply([answer])
    looks, writes = sent
    assert first_words(looks)[-4:] == ["SELECT"] * 4
    assert b"UPDATE `saga`" in writes
    assert b"COMMIT" not in writes
    second.refresh_from_db()
    assert second.status == Reservation.Status.CONFIRMED


def test_a_refusal_rejects_the_reservation(inbox: Inbox) -> None:
    reservation = factories.pending_reservation()
    inbox.apply([incoming(factories.declined(reservation.pk), key=reservation.pk)])
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.REJECTED


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "batch after batch"])
def test_a_repeated_event_changes_nothing(inbox: Inbox, together: bool) -> None:
    reservation = factories.pending_reservation()
    message = incoming(factories.authorized(reservation.pk), key=reservation.pk)
    for batch in [[message, message]] if together else [[message], [message]]:
        inbox.apply(batch)
    reservation.refresh_from_db()
    assert (reservation.status, reservation.version) == (Reservation.Status.CONFIRMED, 2)
    assert history(str(reservation.pk)).count() == 4
    assert TimelineEntry.objects.count() == 2
    assert not HeldMessage.objects.exists()


def test_an_answer_that_no_saga_waits_for_is_held(inbox: Inbox) -> None:
    reservation = factories.pending_reservation()
    inbox.apply([incoming(factories.authorized(reservation.pk), key=reservation.pk)])
    late = incoming(factories.declined(reservation.pk), key=reservation.pk, sequence=2)
    inbox.apply([late])
    held = HeldMessage.objects.get()
    assert (held.reason, held.sequence) == (HeldMessage.Reason.FAILED, 2)
    assert "CAPTURING does not wait for payment.PaymentDeclined" in held.error
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CONFIRMED


def test_one_held_answer_does_not_stop_another_reservations(inbox: Inbox) -> None:
    unknown, reservation = factories.authorized(), factories.pending_reservation()
    inbox.apply(
        [
            incoming(unknown, key=unknown.reservation_id),
            incoming(factories.authorized(reservation.pk), key=reservation.pk),
        ]
    )
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CONFIRMED
    assert HeldMessage.objects.get().key == str(unknown.reservation_id)


def test_a_failure_in_the_middle_moves_neither_mark_nor_saga(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reservation = factories.pending_reservation()

    def break_down(*args: object, **kwargs: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("booking.steps.effects.note", break_down)
    inbox.apply([incoming(factories.authorized(reservation.pk), key=reservation.pk)])
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.PENDING
    assert Saga.objects.get().step == "AUTHORIZING"
    assert history(str(reservation.pk)).count() == 2
    assert not InboxMark.objects.filter(sequence__gt=0).exists()
    assert HeldMessage.objects.get().reason == HeldMessage.Reason.FAILED
