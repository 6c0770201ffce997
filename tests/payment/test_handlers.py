"""Booking's requests as they come from Kafka, through the inbox."""

import pytest
from uuid_utils.compat import uuid7

from contracts.booking import PassengerContactGiven
from contracts.values import Contact
from outbox.inbox import Inbox
from outbox.models import HeldMessage, InboxMark, OutboxEvent
from payment.handlers import BOOKINGS
from payment.models import Operation, Payment
from tests.messages import incoming
from tests.payment import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox("bookings", BOOKINGS)


def test_a_request_is_recorded_and_not_yet_done(inbox: Inbox) -> None:
    event = factories.requested()
    inbox.apply([incoming(event, key=event.reservation_id)])
    assert Payment.objects.get().pk == event.reservation_id
    operation = Operation.objects.get()
    assert (operation.number, operation.kind) == (1, Operation.Kind.AUTHORIZE)
    assert (operation.status, operation.attempts) == (Operation.Status.REQUESTED, 0)
    assert (operation.amount, operation.currency) == (event.amount, event.currency)
    assert operation.payment_token == event.payment_token
    assert not OutboxEvent.objects.exists()


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "batch after batch"])
def test_a_repeated_message_changes_nothing(inbox: Inbox, together: bool) -> None:
    event = factories.requested()
    message = incoming(event, key=event.reservation_id)
    for batch in [[message, message]] if together else [[message], [message]]:
        inbox.apply(batch)
    assert (Payment.objects.count(), Operation.objects.count()) == (1, 1)
    assert not HeldMessage.objects.exists()


def test_a_request_made_again_under_the_same_number_is_one_operation(inbox: Inbox) -> None:
    event = factories.requested()
    key = event.reservation_id
    inbox.apply([incoming(event, key=key), incoming(event, key=key, sequence=2)])
    assert Operation.objects.count() == 1
    assert InboxMark.objects.get().sequence == 2


def test_an_event_that_payment_does_not_handle_moves_the_mark_alone(inbox: Inbox) -> None:
    key = uuid7()
    event = PassengerContactGiven(reservation_id=key, contact=Contact(language="en"))
    inbox.apply([incoming(event, key=key)])
    assert InboxMark.objects.get().sequence == 1
    assert not Payment.objects.exists()
    assert not HeldMessage.objects.exists()
