"""Booking's aggregates."""

from booking.models.idempotency import IdempotencyKey
from booking.models.inventory import Departure, IllegalDeparture, Seat
from booking.models.network import AircraftType, Airport, Cabin, CabinLayout, Place
from booking.models.reservation import (
    IllegalTransition,
    Reservation,
    ReservationPassenger,
    TimelineEntry,
)
from booking.models.saga import Saga, SagaIntervention
from booking.models.schedule import Flight, SchedulePeriod

__all__ = [
    "AircraftType",
    "Airport",
    "Cabin",
    "CabinLayout",
    "Departure",
    "Flight",
    "IdempotencyKey",
    "IllegalDeparture",
    "IllegalTransition",
    "Place",
    "Reservation",
    "ReservationPassenger",
    "Saga",
    "SagaIntervention",
    "SchedulePeriod",
    "Seat",
    "TimelineEntry",
]
