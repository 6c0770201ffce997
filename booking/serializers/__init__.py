"""What goes in and out over HTTP."""

from booking.serializers.departures import DepartureQuery, DepartureSerializer, SeatMapSerializer
from booking.serializers.reservations import (
    TRIAL_TOKEN,
    PaymentRequest,
    ReservationFilters,
    ReservationRequest,
    ReservationSerializer,
    ReservationWithParty,
    SeatsRequest,
    SurnameRequest,
    TimelineEntrySerializer,
    locator_of,
)

__all__ = [
    "TRIAL_TOKEN",
    "DepartureQuery",
    "DepartureSerializer",
    "PaymentRequest",
    "ReservationFilters",
    "ReservationRequest",
    "ReservationSerializer",
    "ReservationWithParty",
    "SeatMapSerializer",
    "SeatsRequest",
    "SurnameRequest",
    "TimelineEntrySerializer",
    "locator_of",
]
