"""Units of work: transactions that are tried again, as a whole, when they lose a race."""

import functools
import random
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS: Final = 8
FIRST_PAUSE_SECONDS: Final = 0.005
LONGEST_SECONDS: Final = 4.0

# 1020: the row changed since the snapshot (MariaDB ≥ 11.6); 1205: lock wait timeout; 1213:
# deadlock, and on Galera a race lost at COMMIT. After each the transaction is gone and may be
# tried again from its beginning.
RETRYABLE_CODES: Final = frozenset({1020, 1205, 1213})


# Too many connections; no access (yet); shutting down; no server; a lost connection; time-outs.
AWAY_CODES: Final = frozenset(
    {1040, 1044, 1045, 1053, 1129, 1130, 1152, 1158, 1159, 1160, 1161, 1203, 1226, 1290, 1836}
    | {1927, 2002, 2003, 2004, 2005, 2006, 2013, 2026, 2055, 3024, 4031}
)
AWAY_TEXTS: Final = ("database is locked", "database table is locked", "unable to open", "disk I/O")


class LostRace(Exception):
    """A compare-and-set found that somebody else was there first: read again, decide again."""


def lost_a_race(error: BaseException) -> bool:
    """Whether the same unit of work may succeed when it is done again from its beginning."""
    if isinstance(error, LostRace):
        return True
    code = error.args[0] if isinstance(error, OperationalError) and error.args else None
    return code in RETRYABLE_CODES


def database_is_away(error: BaseException) -> bool:
    """Whether the database could not be reached, which says nothing about the work itself.

    MariaDB tells by number, SQLite by text; any other error of theirs is a fault of ours.
    """
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError) or not error.args:
        return isinstance(error, OperationalError)
    reason = error.args[0]
    return reason in AWAY_CODES or (isinstance(reason, str) and reason.startswith(AWAY_TEXTS))


def unit_of_work(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function in a transaction, and again as a whole, COMMIT included, when it loses a race.

    Called inside another unit of work it joins that one: the outermost owns the transaction and
    the retries, so there are no savepoints.

    Raises:
        LostRace, OperationalError: the race was lost on every one of `ATTEMPTS` attempts, or for
            `LONGEST_SECONDS`: a caller is waiting.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return function(*args, **kwargs)
        pause, deadline = FIRST_PAUSE_SECONDS, time.monotonic() + LONGEST_SECONDS
        for _ in range(ATTEMPTS - 1):
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except (LostRace, OperationalError) as error:
                if not lost_a_race(error) or time.monotonic() > deadline:
                    raise
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (jitter)
            pause *= 2
        with transaction.atomic():
            return function(*args, **kwargs)

    return run
