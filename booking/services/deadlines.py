"""What becomes due by itself: the work of `run_deadlines`."""

from datetime import datetime
from typing import Final

import outbox
from booking import saga, selectors
from booking.models import IdempotencyKey
from outbox.transactions import unit_of_work

# Their rows stay locked until the end of the transaction: a confirmation may wait for them.
AT_ONCE: Final = 20


@unit_of_work
def end_due_sagas(*, now: datetime) -> int:
    """Let the sagas react whose deadline has come, some of them, in one transaction.

    What is due is decided on the database's clock. Any number of processes may do this: of two
    that find the same saga one moves it, and the other begins again without it.

    Args:
        now: the current time, UTC, at which the reservations are said to have expired.

    Returns:
        How many there were.
    """
    due = selectors.due_sagas(AT_ONCE)
    events = [
        (one.reservation, event)
        for one in due
        for event in saga.react(one, saga.TimeOut(), now=now)
    ]
    outbox.append_batch(events)
    return len(due)


def purge_keys() -> int:
    """Forget idempotency keys that are too old, some of them; returns how many."""
    return IdempotencyKey.purge_chunk()
