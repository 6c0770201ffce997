"""What a relay with nothing to do costs."""

import time
from collections.abc import Iterator
from typing import Final

import psutil

from bench.children import child
from bench.outbox.drains import WORKER
from bench.report import Bound, Figure
from dev.console import step

SETTLE_SECONDS: Final = 5


class Idling:
    """Rounds of watching an idle relay process beside a Django process that sleeps.

    Args:
        seconds: how long each round lasts.
        rounds: how many.
    """

    def __init__(self, *, seconds: float, rounds: int) -> None:
        self._seconds = seconds
        self._rounds = rounds
        self._cpu: list[tuple[float, float]] = []
        self._memory: list[tuple[float, float]] = []

    def run(self) -> None:
        """All rounds, both processes at once."""
        with (
            child("-m", "django", "run_outbox_relay") as relay,
            child(*WORKER, "nothing") as nothing,
        ):
            nothing.answer()
            time.sleep(SETTLE_SECONDS)
            both = [psutil.Process(one.pid) for one in (relay, nothing)]
            for number in range(self._rounds):
                for process in both:
                    process.cpu_percent()
                time.sleep(self._seconds)
                relays, sleepers = (process.cpu_percent() for process in both)
                self._cpu.append((relays, sleepers))
                memory, bare = (process.memory_info().rss / 1e6 for process in both)
                self._memory.append((memory, bare))
                step(
                    f"  idle: round {number + 1} of {self._rounds}: {relays:.1f} %, {memory:.0f} MB"
                )

    def figures(self) -> Iterator[Figure]:
        """The rows of the table."""
        for name, unit, bound, seen in (
            ("idle relay: processor", "% of a core", 2, self._cpu),
            ("idle relay: resident memory", "MB", 80, self._memory),
        ):
            yield Figure(
                name=name,
                unit=unit,
                rounds=[relay for relay, _ in seen],
                bound=Bound(value=bound, at_most=True),
                beside=[max(bare, 0.01) for _, bare in seen],
                beside_name="bare Django",
            )
