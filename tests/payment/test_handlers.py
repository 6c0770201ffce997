"""Booking's requests as they come from Kafka, through the inbox."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from contracts.booking import PassengerContactGiven
from contracts.registry import EVENTS
from contracts.values import Contact
from outbox.inbox import Inbox
from outbox.models import HeldMessage, InboxMark, OutboxEvent
from outbox.registry import Payload
from payment.handlers import BOOKINGS
from payment.models import Operation, Payment
from tests.contracts.examples import EVENTS as EXAMPLES
from tests.contracts.examples import SETTLEMENT
from tests.messages import incoming
from tests.packets import first_words, packets
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


@pytest.mark.mariadb
def test_a_request_takes_two_packets(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The payment is looked for with the marks; nobody waits for the operation's number."""
    first, event = factories.requested(), factories.requested()
    inbox.apply([incoming(first, key=first.reservation_id)])  # makes the SQL
    with packets(monkeypatch) as sent:
        inbox.apply([incoming(event, key=event.reservation_id)])
    looks, writes = map(first_words, sent)
    assert looks[-3:] == ["SELECT"] * 3
    assert writes == ["INSERT"] * 4 + ["COMMIT"]
    operation = Operation.objects.get(payment=event.reservation_id)
    assert [entry.status for entry in operation.entries.all()] == [Operation.Status.REQUESTED]


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


@pytest.mark.parametrize("kind", ["CAPTURE", "VOID", "REFUND"])
def test_what_follows_an_authorization_is_recorded_as_asked(inbox: Inbox, kind: str) -> None:
    payment = factories.authorized()
    event = factories.follow_up(kind, payment.pk, amount=77)
    inbox.apply([incoming(event, key=payment.pk)])
    operation = Operation.objects.get(number=2)
    assert (operation.kind, operation.amount, operation.authorization_number) == (kind, 77, 1)
    assert (operation.status, operation.saga_id) == (Operation.Status.REQUESTED, event.saga_id)


def test_something_else_under_a_used_number_is_held_and_changes_nothing(inbox: Inbox) -> None:
    event = factories.requested()
    key = event.reservation_id
    other = factories.requested(key, amount=1)
    inbox.apply([incoming(event, key=key), incoming(other, key=key, sequence=2)])
    held = HeldMessage.objects.get()
    assert (held.reason, held.sequence) == (HeldMessage.Reason.FAILED, 2)
    assert "amount" in held.error
    assert Operation.objects.get().amount == event.amount


# What is owed


def example(name: str, key: UUID, **changes: Any) -> Payload:
    """The contracts' example of one of the reservation's own events."""
    event = EVENTS[f"booking.{name}.v1"]
    facts = {**EXAMPLES[event.type], "reservation_id": str(key), **changes}
    return msgspec.json.decode(msgspec.json.encode(facts), type=event)


def owed(inbox: Inbox, event: Payload, *, before: int | None = 7) -> int | None:
    """What is owed after an event of a reservation that owed something else before."""
    key = event.reservation_id  # type: ignore[attr-defined]
    Payment.objects.update(owed_amount=before)
    inbox.apply([incoming(event, key=key)])
    assert not HeldMessage.objects.exists()
    return Payment.objects.get().owed_amount


@pytest.mark.parametrize(
    ("name", "changes", "amount"),
    [
        ("ReservationConfirmed", {}, 12900),
        ("ReservationChanged", {}, 12900),
        ("ReservationChanged", {"price": None}, 7),
        ("ReservationCanceled", {}, 5000),
        ("ReservationCanceled", {"settlement": None}, 0),
        ("ReservationCanceled", {"settlement": {**SETTLEMENT, "charged": 0}}, 0),
        ("ReservationExpired", {}, 0),
        ("ReservationRejected", {}, 0),
    ],
)
def test_the_reservations_events_say_what_is_owed(
    inbox: Inbox, name: str, changes: dict[str, Any], amount: int
) -> None:
    payment = factories.authorized()
    assert owed(inbox, example(name, payment.pk, **changes)) == amount


@pytest.mark.parametrize("name", ["ReservationExpired", "ReservationRejected"])
def test_who_owes_nothing_and_never_paid_gets_no_payment(inbox: Inbox, name: str) -> None:
    key = uuid7()
    inbox.apply([incoming(example(name, key), key=key)])
    assert not Payment.objects.exists()
    assert InboxMark.objects.get().sequence == 1


def test_what_is_owed_is_noted_though_nothing_was_asked_of_a_card(inbox: Inbox) -> None:
    key = uuid7()
    inbox.apply([incoming(example("ReservationConfirmed", key), key=key)])
    assert Payment.objects.get(pk=key).owed_amount == 12900
