"""What becomes due by itself: the work of `run_deadlines`."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import outbox
from booking import orchestrator, selectors
from booking.models import IdempotencyKey, Saga
from booking.steps.signals import TimeOut
from outbox.transactions import database_is_away, lost_a_race, unit_of_work

logger = logging.getLogger(__name__)

# Their rows stay locked until the end of the transaction: a confirmation may wait for them.
AT_ONCE: Final = 20


def end_due_sagas(*, now: datetime) -> int:
    """Let the sagas react whose deadline has come, some of them, in one transaction.

    What is due is decided on the database's clock. Any number of processes may do this: of two
    that find the same saga one moves it, and the other begins again without it. If one fails, each
    is done alone, and what fails again is tried later: it does not keep the others waiting.

    Args:
        now: the current time, UTC, at which the reservations are said to have expired.

    Returns:
        How many there were.

    Raises:
        OperationalError, InterfaceError: the database is away; nothing was decided.
    """
    try:
        return _time_out_all(now)
    except Exception as error:
        if database_is_away(error):
            raise
        due = selectors.due_sagas(AT_ONCE)
        for one in due:
            _time_out_or_postpone(one, now)
        return len(due)


@unit_of_work
def _time_out_all(now: datetime) -> int:
    due = selectors.due_sagas(AT_ONCE)
    _time_out(due, now)
    return len(due)


def _time_out(due: Sequence[Saga], now: datetime) -> None:
    events = [
        (one.reservation, event)
        for one in due
        for event in orchestrator.react(one, TimeOut(), now=now)
    ]
    outbox.append_batch(events)


def _time_out_or_postpone(due: Saga, now: datetime) -> None:
    try:
        _time_out_alone(due.pk, now)
    except Exception as error:
        if database_is_away(error) or lost_a_race(error):
            raise
        logger.exception("%s of reservation %s: its deadline failed", due, due.reservation_id)
        _postpone(due.pk, repr(error), now)


@unit_of_work
def _time_out_alone(saga_id: UUID, now: datetime) -> None:
    """It is read again: somebody else may have moved it."""
    _time_out(selectors.due_sagas(1, only=saga_id), now)


@unit_of_work
def _postpone(saga_id: UUID, error: str, now: datetime) -> None:
    for due in selectors.due_sagas(1, only=saga_id):
        orchestrator.postpone(due, error, now=now)


def purge_keys() -> int:
    """Forget idempotency keys that are too old, some of them; returns how many."""
    return IdempotencyKey.purge_chunk()
