"""Events that fare publishes."""

from typing import ClassVar
from uuid import UUID

from contracts.base import Event
from contracts.values import BookingClass, FareBasis, Price, Reason

TOPIC = "fare.events"


class FareEvent(Event, frozen=True, kw_only=True):
    """The one answer to a FareQuoteRequested; `saga_id` is the saga of booking that asked."""

    topic: ClassVar[str] = TOPIC
    source: ClassVar[str] = "fare"
    handled_by: ClassVar[tuple[str, ...]] = ("booking",)

    saga_id: UUID


class FareQuoted(FareEvent, frozen=True, kw_only=True):
    """The best fare that applies. Booking goes on at this price."""

    type: ClassVar[str] = "fare.FareQuoted.v1"

    booking_class: BookingClass
    price: Price


class FareRefused(FareEvent, frozen=True, kw_only=True):
    """No fare applies. Booking rejects the reservation.

    The code of the reason is the kind of rule that refused, such as no_fare, class_closed,
    advance_purchase, blackout_date or currency_mismatch; `fare_basis` is the fare it belongs to,
    where there was one.
    """

    type: ClassVar[str] = "fare.FareRefused.v1"

    reason: Reason
    fare_basis: FareBasis | None = None
