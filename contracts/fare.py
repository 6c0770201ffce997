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
    """The cheapest fare that applies, for all of them together. Booking goes on at this price."""

    type: ClassVar[str] = "fare.FareQuoted.v1"

    booking_class: BookingClass
    price: Price


class FareRefused(FareEvent, frozen=True, kw_only=True):
    """No fare applies. Booking rejects the reservation.

    The code of the reason is the rule that refused: no_fare, currency_mismatch, passenger_type,
    sale_dates, travel_dates, day_of_week, blackout_date, advance_purchase or class_closed.
    `fare_basis` is the fare it belongs to, where there was one: the one nearest to being sold.
    """

    type: ClassVar[str] = "fare.FareRefused.v1"

    reason: Reason
    fare_basis: FareBasis | None = None
