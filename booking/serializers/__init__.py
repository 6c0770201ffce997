"""What goes in and out over HTTP."""

from booking.serializers.departures import DepartureQuery, DepartureSerializer, SeatMapSerializer
from booking.serializers.fields import StrictSerializer
from booking.serializers.quotes import (
    CancelationQuoteSerializer,
    CancelationRequest,
    ChangeQuoteRequest,
    ChangeQuoteSerializer,
    ChangeRequest,
)
from booking.serializers.reservations import (
    LOCATOR,
    TRIAL_TOKEN,
    MalformedHold,
    MalformedLocator,
    PaymentRequest,
    ReservationFilters,
    ReservationRequest,
    ReservationSerializer,
    ReservationWithParty,
    SeatsRequest,
    SurnameRequest,
    TimelineEntrySerializer,
    hold_of,
    locator_of,
)
from booking.serializers.showing import Shown

__all__ = [
    "LOCATOR",
    "TRIAL_TOKEN",
    "CancelationQuoteSerializer",
    "CancelationRequest",
    "ChangeQuoteRequest",
    "ChangeQuoteSerializer",
    "ChangeRequest",
    "DepartureQuery",
    "DepartureSerializer",
    "MalformedHold",
    "MalformedLocator",
    "PaymentRequest",
    "ReservationFilters",
    "ReservationRequest",
    "ReservationSerializer",
    "ReservationWithParty",
    "SeatMapSerializer",
    "SeatsRequest",
    "Shown",
    "StrictSerializer",
    "SurnameRequest",
    "TimelineEntrySerializer",
    "hold_of",
    "locator_of",
]
