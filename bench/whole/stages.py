"""What ever more reservations a second have given, and what that says of the system."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

# A rate is kept up if all are CONFIRMED so soon after the last one was due: whoever is a fifth too
# slow is late by then.
LATE_SECONDS: Final = 4.0
# The knee: up to there the p50 is at most so many times that of the lowest rate.
KNEE: Final = 2.0


@dataclass(frozen=True)
class Stage:
    """What a rate gave.

    Args:
        per_second: the rate.
        milliseconds: from when a reservation was due to CONFIRMED, by percent.
        steps: the p50 of each step, by where it leads.
        late: seconds from when the last one was due until all were CONFIRMED.
        by_process: milliseconds of processor time of a reservation.
    """

    per_second: int
    milliseconds: Mapping[int, float]
    steps: Mapping[str, float]
    late: float
    by_process: Mapping[str, float]

    @property
    def is_kept_up(self) -> bool:
        """Whether the system can go on like this."""
        return self.late <= LATE_SECONDS

    @property
    def processor_ms(self) -> float:
        """Milliseconds of processor time of a reservation, in all processes."""
        return sum(self.by_process.values())

    def told(self) -> str:
        """The stage in a line."""
        return (
            f"{self.per_second:>4}/s  p50 {self.milliseconds[50]:8.1f} ms  "
            f"p99 {self.milliseconds[99]:8.1f} ms  all after {self.late:5.1f} s  "
            f"{self.processor_ms:5.1f} ms of processor time each"
        )


class Kept(Protocol):
    """A stage of whatever system."""

    @property
    def per_second(self) -> int:
        """The rate."""

    @property
    def is_kept_up(self) -> bool:
        """Whether it can go on like this."""


def kept_up(stages: Sequence[Kept]) -> int:
    """The highest rate that was kept up; 0 if none was."""
    return max((one.per_second for one in stages if one.is_kept_up), default=0)


def knee(stages: Sequence[Stage]) -> int:
    """The last rate before latency leaves the ground."""
    ground = stages[0].milliseconds[50]
    low = [one.per_second for one in stages if one.milliseconds[50] <= KNEE * ground]
    return max(low)


def what_limits(by_process: Mapping[str, float], wanted: int) -> str:
    """Where the processors' time goes, and for how many a second there is enough.

    Args:
        by_process: milliseconds of processor time of a reservation.
        wanted: reservations a second.
    """
    cores, whole = os.cpu_count() or 1, sum(by_process.values())
    most = sorted(by_process.items(), key=lambda one: -one[1])[:6]
    told = ", ".join(f"{name} {used:.1f}" for name, used in most)
    return (
        f"each takes {whole:.1f} ms of processor time ({told}, …): {cores} cores have that for "
        f"{1000 * cores / whole:.0f}/s, and {1000 * cores / wanted:.0f} ms each for {wanted}/s"
    )
