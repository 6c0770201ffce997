"""What events come to: contacts, and deliveries to everybody who is to be told."""

from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError

from contracts.booking import (
    PassengerContactGiven,
    ReservationCreated,
    ReservationEvent,
    TicketsIssued,
)
from contracts.registry import EVENTS
from notification import services
from notification.handlers import BOOKINGS
from notification.models import OPTIONAL, Contact, Delivery
from outbox.held import Incoming
from outbox.inbox import Inbox
from outbox.models import HeldMessage
from tests.messages import incoming
from tests.notification import factories
from tests.notification.factories import ADDRESS

pytestmark = pytest.mark.django_db(transaction=True)


def told(*events: ReservationEvent | PassengerContactGiven) -> list[Incoming]:
    """The messages of one reservation's events."""
    return [
        incoming(event, key=event.reservation_id, sequence=number)
        for number, event in enumerate(events, 1)
    ]


def apply(*messages: Incoming) -> None:
    Inbox("bookings", BOOKINGS).apply(messages)
    assert not HeldMessage.objects.exists()


def event_id(message: Incoming) -> UUID:
    return UUID(dict(message.headers)["ce_id"].decode())


def test_every_event_that_names_notification_is_handled_and_no_other() -> None:
    named = {name for name, event in EVENTS.items() if "notification" in event.handled_by}
    assert set(BOOKINGS) == named


@pytest.mark.parametrize("kind", factories.MORE)
def test_an_event_becomes_one_mail_to_the_contact(kind: type[ReservationEvent]) -> None:
    contact = factories.given()
    messages = told(contact, factories.event(kind, contact.reservation_id))
    apply(*messages)
    mail = Delivery.objects.get()
    assert (mail.event_id, mail.event_type) == (event_id(messages[1]), kind.type)
    assert (mail.channel, mail.recipient, mail.status) == ("EMAIL", "contact", "PENDING")


def test_an_event_that_comes_again_becomes_nothing_more() -> None:
    contact = factories.given()
    messages = told(contact, factories.event(reservation_id=contact.reservation_id))
    apply(*messages)
    apply(*messages)
    assert Delivery.objects.count() == 1


def test_the_database_has_one_delivery_per_event_recipient_and_channel() -> None:
    event, event_id = factories.event(), uuid4()
    services.record_event(event, event_id=event_id, now=factories.NOW)
    with pytest.raises(IntegrityError):
        services.record_event(event, event_id=event_id, now=factories.NOW)
    assert Delivery.objects.count() == 1


def test_a_delivery_and_the_mark_are_committed_together_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contact = factories.given()
    messages = told(contact, factories.event(reservation_id=contact.reservation_id))

    class Crash(BaseException):
        pass

    def crash(*args: object) -> None:
        raise Crash

    monkeypatch.setattr("outbox.batches.Batch._save", crash)
    with pytest.raises(Crash):
        Inbox("bookings", BOOKINGS).apply(messages)
    assert not Delivery.objects.exists()
    assert not Contact.objects.exists()
    monkeypatch.undo()
    apply(*messages)
    assert Delivery.objects.count() == 1


def test_a_passenger_with_an_address_of_their_own_gets_a_mail_too() -> None:
    others = (
        factories.passenger(1),
        factories.passenger(2, "bo@example.test"),
        factories.passenger(3, ADDRESS.upper()),
        factories.passenger(4, "bo@example.test"),
    )
    contact = factories.given(passengers=others)
    apply(*told(contact, factories.event(reservation_id=contact.reservation_id)))
    recipients = Delivery.objects.order_by("recipient").values_list("recipient", flat=True)
    assert list(recipients) == ["contact", "passenger:2"]


def test_an_event_without_a_contact_is_recorded_all_the_same() -> None:
    apply(*told(factories.event()))
    assert Delivery.objects.get().recipient == "contact"


def test_each_endpoint_that_wants_the_event_gets_it_once() -> None:
    everything = factories.endpoint()
    tickets = factories.endpoint(event_types=[TicketsIssued.type])
    factories.endpoint(event_types=[ReservationCreated.type])
    factories.endpoint(is_enabled=False)
    apply(*told(factories.event(TicketsIssued)))
    webhooks = Delivery.objects.filter(channel="WEBHOOK")
    assert {webhook.endpoint for webhook in webhooks} == {everything, tickets}
    assert len(webhooks) == 2


def test_a_delivery_names_nobody() -> None:
    contact = factories.given(passengers=(factories.passenger(1),))
    apply(*told(contact, factories.event(reservation_id=contact.reservation_id)))
    row = str(Delivery.objects.values().get())
    for personal in (ADDRESS, "Berg", "Eva", "Bo"):
        assert personal not in row


def test_a_contact_that_is_given_again_replaces_the_one_before() -> None:
    before = factories.given(passengers=(factories.passenger(1),))
    after = factories.given(before.reservation_id, email="new@example.test", language="sv")
    apply(*told(before, after))
    contact = Contact.objects.get()
    assert (contact.email, contact.language, contact.passengers) == ("new@example.test", "sv", [])


def test_a_contact_is_needed_until_the_journey_ends() -> None:
    contact = factories.given()
    apply(*told(contact, factories.event(reservation_id=contact.reservation_id)))
    assert Contact.objects.get().needed_until == factories.itinerary().arrives_at


def test_every_kind_of_message_says_whether_it_is_optional() -> None:
    assert set(OPTIONAL) == set(BOOKINGS) - {PassengerContactGiven.type}
