"""Every event of the published language, by its CloudEvents type."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from contracts import booking, fare, payment
from contracts.base import Event

_PUBLISHED: Final[tuple[type[Event], ...]] = (
    booking.ReservationCreated,
    booking.PassengerContactGiven,
    booking.FareQuoteRequested,
    booking.PaymentAuthorizeRequested,
    booking.PaymentCaptureRequested,
    booking.PaymentVoidRequested,
    booking.PaymentRefundRequested,
    booking.ReservationConfirmed,
    booking.ReservationRejected,
    booking.ReservationExpired,
    booking.ReservationCanceled,
    booking.ReservationChanged,
    booking.ReservationChangeRejected,
    booking.TicketsIssued,
    fare.FareQuoted,
    fare.FareRefused,
    payment.PaymentAuthorized,
    payment.PaymentDeclined,
    payment.PaymentCaptured,
    payment.PaymentCaptureFailed,
    payment.PaymentVoided,
    payment.PaymentVoidFailed,
    payment.PaymentRefunded,
    payment.PaymentRefundFailed,
)

EVENTS: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {event.type: event for event in _PUBLISHED}
)
