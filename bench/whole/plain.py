"""The naive baseline under the same load as the system."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.baseline.system import Baseline
from bench.booking.sites import Clients
from bench.children import Child
from bench.machine import CpuMeter, servers
from bench.whole.rising import PATIENCE_SECONDS
from bench.whole.stages import LATE_SECONDS
from dev.console import step

LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True)
class PlainStage:
    """What a rate gave.

    Args:
        per_second: the rate.
        late: seconds from the last answer until all were CONFIRMED.
        processor_ms: milliseconds of processor time of a reservation, in all processes.
    """

    per_second: int
    late: float
    processor_ms: float

    @property
    def is_kept_up(self) -> bool:
        """Whether it can go on like this, by the measure that the system is held to."""
        return self.late <= LATE_SECONDS


def rising(
    clients: Child, baseline: Baseline, *, seconds: float, rates: Sequence[int]
) -> Iterator[PlainStage]:
    """The stages, up to the first rate that is not kept up."""
    for rate in rates:
        stage = _stage(clients, baseline, rate, int(rate * seconds))
        step(
            f"  {rate:>4}/s  all after {stage.late:5.1f} s  "
            f"{stage.processor_ms:5.1f} ms of processor time each"
        )
        yield stage
        if not stage.is_kept_up:
            return


def _stage(clients: Child, baseline: Baseline, rate: int, count: int) -> PlainStage:
    before = baseline.confirmed()
    own = {"clients": clients.pid, "bench": os.getpid()}
    meter = CpuMeter({**servers(), **baseline.processes(), **own})
    requests = [baseline.request() for _ in range(count)]
    Clients(clients).send(baseline.gateway, requests, per_second=rate).must_all_be(201)
    ended = time.monotonic()
    while baseline.confirmed() < before + count and time.monotonic() < ended + PATIENCE_SECONDS:
        time.sleep(LOOK_SECONDS)
    used = {name: spent for name, spent in meter.used().items() if name != "others"}
    return PlainStage(rate, time.monotonic() - ended, 1000 * sum(used.values()) / count)
