"""Reads."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import APIException, NotFound

from booking.models import Departure, Flight, Reservation, Saga, Seat, TimelineEntry

# What an event's itinerary is read from.
DESCRIBED: Final = ("departure__flight__origin", "departure__flight__destination")


class UnknownFlight(NotFound):
    """No such flight number."""

    default_code = "unknown-flight"


class UnknownSeat(NotFound):
    """The flight's aircraft has no such seat."""

    default_code = "unknown-seat"


class SeatTaken(APIException):
    """The seat is not free on any departure that sells."""

    status_code = 409
    default_code = "seat-taken"


def reservations() -> QuerySet[Reservation]:
    """Every reservation, with what a representation of it needs."""
    return Reservation.objects.select_related("departure")


def timeline(reservation_id: UUID) -> QuerySet[TimelineEntry]:
    """What happened to a reservation, in order."""
    return TimelineEntry.objects.filter(reservation_id=reservation_id).order_by("id")


def live_saga(reservation_id: UUID) -> Saga:
    """The saga that runs for a reservation.

    Raises:
        Saga.DoesNotExist: none does.
    """
    described = [f"reservation__{path}" for path in DESCRIBED]
    return Saga.objects.select_related(*described).get(live=reservation_id)


def next_free_seat(*, flight_number: int, seat_number: str, now: datetime) -> Seat:
    """The seat on the next open departure of the flight on which it is free.

    Raises:
        UnknownFlight, UnknownSeat: there is no such flight, or no such seat on it.
        SeatTaken: the seat is not free on any open departure.
    """
    seat = (
        Seat.objects.select_related(*DESCRIBED)
        .filter(
            departure__flight__number=flight_number,
            departure__status=Departure.Status.OPEN,
            departure__departs_at__gt=now,
            number=seat_number,
            status=Seat.Status.FREE,
        )
        .order_by("departure__departs_at")
        .first()
    )
    if seat is None:
        raise _why_not(flight_number, seat_number)
    return seat


def _why_not(flight_number: int, seat_number: str) -> APIException:
    flight = Flight.objects.filter(number=flight_number).first()
    if flight is None:
        return UnknownFlight(f"There is no flight {flight_number}.")
    if seat_number not in flight.places():
        return UnknownSeat(f"Flight {flight_number} has no seat {seat_number}.")
    return SeatTaken(f"Seat {seat_number} is free on no open departure of flight {flight_number}.")
