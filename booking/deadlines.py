"""Doing what becomes due by itself: the work of `run_deadlines`.

Any number of processes may do it: each finds what is due on the database's clock, and of two that
find the same one moves it.
"""

import time
from typing import Final

from django.utils import timezone

from booking import services

LOOK_SECONDS: Final = 0.5
PURGE_SECONDS: Final = 60.0


class Deadlines:
    """One worker's rounds: sagas whose deadline has come, reservations whose departure is canceled,
    and keys that are too old."""

    def __init__(self) -> None:
        self._next_look = 0.0
        self._next_purge = 0.0

    def run_once(self) -> bool:
        """Do some of what is due.

        Returns:
            Whether there may be more of it just now.
        """
        return self._end_due() or self._purge()

    def close(self) -> None:
        """Nothing is held."""

    def _end_due(self) -> bool:
        """Look for what is due, again at once after finding some, else after a pause."""
        if time.monotonic() < self._next_look:
            return False
        now = timezone.now()
        ended = services.end_due_sagas(now=now)
        if services.cancel_those_on_canceled_departures(now=now) or ended:
            return True
        self._next_look = time.monotonic() + LOOK_SECONDS
        return False

    def _purge(self) -> bool:
        if time.monotonic() < self._next_purge:
            return False
        if services.purge_keys():
            return True
        self._next_purge = time.monotonic() + PURGE_SECONDS
        return False
