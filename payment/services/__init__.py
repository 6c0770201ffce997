"""Use cases; each owns its transaction. None of them calls a processor."""

from payment.services.answers import (
    Outcome,
    record_answer,
    record_outcomes,
    record_unknown,
    settle_without_asking,
)
from payment.services.repairs import ask_again, record_told, refund_excess, void_unowed
from payment.services.requests import request_authorization, request_follow_up
from payment.services.reservations import note_nothing_owed, note_owed
from payment.services.webhooks import (
    ContradictoryOutcome,
    UnknownOperation,
    agrees,
    is_about,
    receive_outcome,
)

__all__ = [
    "ContradictoryOutcome",
    "Outcome",
    "UnknownOperation",
    "agrees",
    "ask_again",
    "is_about",
    "note_nothing_owed",
    "note_owed",
    "receive_outcome",
    "record_answer",
    "record_outcomes",
    "record_told",
    "record_unknown",
    "refund_excess",
    "request_authorization",
    "request_follow_up",
    "settle_without_asking",
    "void_unowed",
]
