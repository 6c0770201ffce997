"""Event type → service call."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from django.utils import timezone

from contracts.booking import PassengerContactGiven, ReservationEvent
from notification import services
from notification.models import OPTIONAL
from outbox.batches import Handler
from outbox.receiving import envelope


def note_contact(event: PassengerContactGiven) -> None:
    """Whom to tell."""
    services.note_contact(event, now=timezone.now())


def record_event(event: ReservationEvent) -> None:
    """There is something to tell."""
    services.record_event(event, event_id=UUID(envelope().id), now=timezone.now())


BOOKINGS: Final[Mapping[str, Handler]] = MappingProxyType(
    {PassengerContactGiven.type: note_contact, **dict.fromkeys(OPTIONAL, record_event)}
)
