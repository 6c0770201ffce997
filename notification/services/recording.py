"""What has to be sent about an event, recorded in the inbox's transaction."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.booking import ReservationEvent
from notification import selectors
from notification.models import Contact, Delivery
from notification.models.contact import CONTACT
from outbox import registry
from outbox.transactions import unit_of_work


@unit_of_work
def record_event(event: ReservationEvent, *, event_id: UUID, now: datetime) -> None:
    """Record a delivery for each recipient of an event: the contact, passengers with an address of
    their own, and the endpoints that want it.

    Args:
        event: what happened.
        event_id: the event's own id.
        now: when it is learned of.
    """
    contact = selectors.contact_of(event.reservation_id)
    if contact:
        contact.need_until(event.reservation.itinerary.arrives_at)
    payload = registry.encode(event)
    Delivery.record(
        [
            Delivery.of(
                event_id,
                event.type,
                now=now,
                reservation_id=event.reservation_id,
                payload=payload,
                **recipient,
            )
            for recipient in _recipients(contact, event)
        ]
    )


def _recipients(contact: Contact | None, event: ReservationEvent) -> Iterator[dict[str, Any]]:
    """Over which channel to whom. Without a contact there is nobody, which is recorded, too."""
    for recipient in contact.recipients() if contact else (CONTACT,):
        yield {"channel": Delivery.Channel.EMAIL, "recipient": recipient}
    whose = event.reservation.customer_id
    for endpoint in selectors.endpoints_for(event.type, customer_id=whose):
        yield {
            "channel": Delivery.Channel.WEBHOOK,
            "recipient": str(endpoint.pk),
            "endpoint": endpoint,
        }
