"""Long-running commands: one loop for all of them.

A worker does one unit of work at a time. SIGTERM and SIGINT let it finish the unit in hand, close
what it holds and end with status 0. A database or broker that is away is waited for, without a
limit to the attempts: nothing is lost by waiting.
"""

import gc
import logging
import random
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

from django.db import close_old_connections, connection

from outbox.kafka import BrokerAway
from outbox.nudge import Listener
from outbox.sessions import limited_silence
from outbox.transactions import database_is_away, lost_a_race

logger = logging.getLogger(__name__)

SHORTEST_IDLE_SECONDS: Final = 0.005
LONGEST_IDLE_SECONDS: Final = 0.1
# Whoever is nudged need not look so often; but the relay has to mark what it has published.
SHORTEST_IDLE_WITH_NUDGES_SECONDS: Final = 0.1
FIRST_BACKOFF_SECONDS: Final = 0.1
# With the time that a broker is given to answer, 60 % of the lease, shorter than the lease: else
# workers would take each other's shards in turn all the time that the broker is away.
LONGEST_BACKOFF_SECONDS: Final = 0.5
REFRESH_SECONDS: Final = 1.0
LONGEST_SILENCE_SECONDS: Final = 30


class Loop:
    """Calls a step until told to stop.

    Args:
        name: what the log calls this worker.
        step: does one unit of work and says whether there was any.
        close: lets go of what the worker holds.
        listener: where the worker is woken from an idle pause.
        longest_silence: for how many seconds a transaction may be open without a statement, before
            the server ends it.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], bool],
        close: Callable[[], None],
        listener: Listener | None = None,
        *,
        longest_silence: int = LONGEST_SILENCE_SECONDS,
    ) -> None:
        self.name = name
        self.step = step
        self.close = close
        self.listener = listener
        self.longest_silence = longest_silence
        self.stopping = threading.Event()
        self._shortest_idle = (
            SHORTEST_IDLE_WITH_NUDGES_SECONDS if listener else SHORTEST_IDLE_SECONDS
        )
        self._idle = self._shortest_idle
        self._backoff = FIRST_BACKOFF_SECONDS
        self._next_refresh = 0.0

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        logger.info("%s started", self.name)
        # What is loaded stays for good: to look through all of it held a worker up for long.
        gc.collect()
        gc.freeze()
        with limited_silence(self.longest_silence):
            try:
                while not self.stopping.is_set():
                    self._cycle()
            finally:
                self._let_go()
        logger.info("%s stopped", self.name)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def _let_go(self) -> None:
        try:
            self.close()
        except Exception as error:
            if not database_is_away(error):
                raise
            # What is held runs out by itself: others take over then.
            logger.warning("%s: %s; stopping without the database", self.name, error)

    def _cycle(self) -> None:
        """One unit of work, and the pause after it."""
        self._refresh_connections()
        try:
            worked = self.step()
        except Exception as error:
            if not _passes_by_itself(error):
                raise
            self._back_off(error)
            return
        self._backoff = FIRST_BACKOFF_SECONDS
        if worked:
            self._idle = self._shortest_idle
        else:
            self._rest()

    def _refresh_connections(self) -> None:
        """What Django does between requests: drop connections that are too old or broken. Once a
        second is enough: each time costs a round trip."""
        if time.monotonic() >= self._next_refresh:
            close_old_connections()
            self._next_refresh = time.monotonic() + REFRESH_SECONDS

    def _rest(self) -> None:
        """Pause, ever longer, until a nudge or the next poll."""
        if self.listener is None:
            self.stopping.wait(self._idle)
        elif self.listener.wait(self._idle):
            self._idle = self._shortest_idle
            return
        self._idle = min(self._idle * 2, LONGEST_IDLE_SECONDS)

    def _back_off(self, error: Exception) -> None:
        """Pause, ever longer; no nudge shortens it."""
        logger.warning("%s: %s; trying again", self.name, error)
        connection.close()
        self.stopping.wait(self._backoff * random.uniform(0.5, 1.0))  # noqa: S311 (jitter)
        self._backoff = min(self._backoff * 2, LONGEST_BACKOFF_SECONDS)


def _passes_by_itself(error: Exception) -> bool:
    """Whether waiting mends it: a lost race, the database or the broker being away."""
    return isinstance(error, BrokerAway) or database_is_away(error) or lost_a_race(error)
