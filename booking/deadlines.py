"""Doing what becomes due by itself: the work of `run_deadlines`.

Any number of processes may do it: each finds what is due, and of two that find the same one moves
it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from booking import services
from booking.departures import advance_departures
from booking.planning import keep_horizon

LOOK_SECONDS: Final = 0.5
PLAN_SECONDS: Final = 60.0
PURGE_SECONDS: Final = 60.0


@dataclass
class Chore:
    """Something to look after: again at once after finding some of it, else after a pause.

    Args:
        work: does a bounded part of what is due, and says whether there was any.
        pause: how long, in seconds, after nothing was due.
    """

    work: Callable[[datetime], object]
    pause: float
    next_look: float = 0.0

    def look(self) -> bool:
        """Do some of what is due; returns whether there may be more of it just now."""
        if time.monotonic() < self.next_look:
            return False
        if self.work(timezone.now()):
            return True
        self.next_look = time.monotonic() + self.pause
        return False


class Deadlines:
    """One worker's rounds: sagas whose deadline has come, reservations whose departure is canceled,
    departures that close or leave, keys that are too old, and departures to be planned."""

    def __init__(self) -> None:
        # The most urgent first: what fails keeps those behind it waiting.
        self.chores: tuple[Chore, ...] = (
            Chore(lambda now: services.end_due_sagas(now=now), LOOK_SECONDS),
            Chore(lambda now: services.cancel_those_on_canceled_departures(now=now), LOOK_SECONDS),
            Chore(lambda now: advance_departures(now=now), LOOK_SECONDS),
            Chore(lambda now: services.purge_keys(), PURGE_SECONDS),
            Chore(lambda now: keep_horizon(now=now), PLAN_SECONDS),
        )

    def run_once(self) -> bool:
        """Do some of all that is due: much of one does not keep the others waiting.

        Returns:
            Whether there may be more of it just now.
        """
        more = [chore.look() for chore in self.chores]
        return any(more)

    def close(self) -> None:
        """Nothing is held."""
