"""The saga: what it waits for and what follows as a table, and the engine that runs it."""

from booking.saga.engine import (
    UnexpectedEvent,
    advance,
    buying,
    canceling,
    postpone,
    react,
    waits_for,
)
from booking.saga.requests import authorize
from booking.saga.signals import Cancel, Complete, Pay, Retry, Signal, TimeOut
from booking.saga.table import SAGAS
from booking.saga.telling import note, seats_of

__all__ = [
    "SAGAS",
    "Cancel",
    "Complete",
    "Pay",
    "Retry",
    "Signal",
    "TimeOut",
    "UnexpectedEvent",
    "advance",
    "authorize",
    "buying",
    "canceling",
    "note",
    "postpone",
    "react",
    "seats_of",
    "waits_for",
]
