"""Use cases; each owns its transaction, and starts or signals a saga."""

from booking.services.canceling import (
    cancel_reservation,
    cancel_those_on_canceled_departures,
)
from booking.services.changing import change_seats
from booking.services.deadlines import end_due_sagas, purge_keys
from booking.services.idempotency import Answer, answer_once
from booking.services.operating import NotPossible, compensate_saga, complete_saga, retry_saga
from booking.services.party import MOST_PASSENGERS, Traveler
from booking.services.paying import pay_reservation
from booking.services.quoting import (
    QuotedCancelation,
    QuotedChange,
    quote_cancelation,
    quote_change,
)
from booking.services.rebooking import change_departure
from booking.services.reserving import LANGUAGE, create_reservation
from booking.services.signaling import signal_saga

__all__ = [
    "LANGUAGE",
    "MOST_PASSENGERS",
    "Answer",
    "NotPossible",
    "QuotedCancelation",
    "QuotedChange",
    "Traveler",
    "answer_once",
    "cancel_reservation",
    "cancel_those_on_canceled_departures",
    "change_departure",
    "change_seats",
    "compensate_saga",
    "complete_saga",
    "create_reservation",
    "end_due_sagas",
    "pay_reservation",
    "purge_keys",
    "quote_cancelation",
    "quote_change",
    "retry_saga",
    "signal_saga",
]
