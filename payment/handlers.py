"""Event type → service call."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils import timezone

from contracts.booking import (
    BookingEvent,
    FollowUpRequested,
    PaymentAuthorizeRequested,
    PaymentCaptureRequested,
    PaymentRefundRequested,
    PaymentVoidRequested,
    ReservationCanceled,
    ReservationChanged,
    ReservationConfirmed,
    ReservationExpired,
    ReservationRejected,
)
from outbox.batches import Handler, has_time, looks_at
from outbox.prepared import Look
from payment import services
from payment.models import Payment


def payment_of(event: BookingEvent) -> list[Look]:
    """The payment that an event is about."""
    return [Payment.look(event.reservation_id)]


@looks_at(payment_of)
def request_authorization(event: PaymentAuthorizeRequested) -> None:
    """Booking wants a card authorized."""
    services.request_authorization(event, now=timezone.now())


@looks_at(payment_of)
def request_follow_up(event: FollowUpRequested) -> None:
    """Booking wants an authorization captured, voided or refunded."""
    services.request_follow_up(event, now=timezone.now())


@has_time
@looks_at(payment_of)
def note_price(event: ReservationConfirmed | ReservationChanged) -> None:
    """What the reservation costs is owed; while a change is still to be quoted, what it did."""
    if price := event.price:
        services.note_owed(
            event.reservation_id,
            amount=price.total,
            currency=price.currency,
            now=timezone.now(),
        )


@has_time
def note_charge(event: ReservationCanceled) -> None:
    """What the cancelation costs is owed: nothing, where nothing was confirmed."""
    if (settlement := event.settlement) and settlement.charged:
        services.note_owed(
            event.reservation_id,
            amount=settlement.charged,
            currency=settlement.currency,
            now=timezone.now(),
        )
    else:
        note_nothing(event)


@has_time
def note_nothing(event: ReservationExpired | ReservationRejected | ReservationCanceled) -> None:
    """The reservation came to nothing, and nothing is owed."""
    services.note_nothing_owed(event.reservation_id, now=timezone.now())


BOOKINGS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        PaymentAuthorizeRequested.type: request_authorization,
        PaymentCaptureRequested.type: request_follow_up,
        PaymentVoidRequested.type: request_follow_up,
        PaymentRefundRequested.type: request_follow_up,
        ReservationConfirmed.type: note_price,
        ReservationChanged.type: note_price,
        ReservationCanceled.type: note_charge,
        ReservationExpired.type: note_nothing,
        ReservationRejected.type: note_nothing,
    }
)
