"""Booking's aggregates."""

from booking.models.idempotency import IdempotencyKey
from booking.models.inventory import Departure, Flight, Seat
from booking.models.reservation import (
    IllegalTransition,
    Reservation,
    ReservationPassenger,
    TimelineEntry,
)
from booking.models.saga import Saga

__all__ = [
    "Departure",
    "Flight",
    "IdempotencyKey",
    "IllegalTransition",
    "Reservation",
    "ReservationPassenger",
    "Saga",
    "Seat",
    "TimelineEntry",
]
