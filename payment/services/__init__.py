"""Use cases; each owns its transaction. None of them calls a processor."""

from payment.services.answers import record_answer, record_unknown, settle_without_asking
from payment.services.requests import request_authorization, request_follow_up
from payment.services.reservations import note_nothing_owed, note_owed

__all__ = [
    "note_nothing_owed",
    "note_owed",
    "record_answer",
    "record_unknown",
    "request_authorization",
    "request_follow_up",
    "settle_without_asking",
]
