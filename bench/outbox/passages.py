"""How long an event takes from its insert to the commit of its effect, through real processes."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Final

from bench.children import Child, child
from bench.machine import CpuMeter, servers
from bench.outbox.drains import WORKER
from bench.outbox.shop.models import Effect
from bench.report import Bound, Figure
from bench.rounds import Rounds, percentile
from dev.console import RefusalError, step

WARM_SECONDS: Final = 1.0
JOIN_SECONDS: Final = 30


class Passages:
    """Rounds of events at a steady rate, in turn with the same without a relay.

    Args:
        per_second: transactions a second.
        seconds: how long each round lasts; its first second is not counted.
        rounds: how many.
    """

    def __init__(self, *, per_second: int, seconds: float, rounds: int) -> None:
        self._per_second = per_second
        self._seconds = seconds
        self._rounds = rounds
        self._windows: list[tuple[float, float]] = []
        self._events: list[tuple[int, int, int]] = []
        self._limits: list[list[float]] = []
        self._cpu = Rounds()

    def run(self) -> None:
        """All rounds, with one relay and one consumer process."""
        with ExitStack() as stack:
            consumer = stack.enter_context(child(*WORKER, "arrivals"))
            relay = stack.enter_context(child("-m", "django", "run_outbox_relay"))
            appender = stack.enter_context(child(*WORKER, "append"))
            limit = stack.enter_context(child(*WORKER, "passage"))
            appender.answer()
            limit.answer()
            self._wait_until_joined(appender)
            pids = {"relay": relay.pid, "consumer": consumer.pid, "appender": appender.pid}
            for number in range(self._rounds):
                self._round(appender, limit, pids)
                step(f"  insert → effect: round {number + 1} of {self._rounds}")
            limit.dismiss()
            consumer.terminate()
            self._events = [tuple(event) for event in consumer.answer()]

    def figures(self) -> Iterator[Figure]:
        """The rows of the table."""
        rounds = [self._milliseconds(*window) for window in self._windows]
        limits = [[second * 1000 for second in round_] for round_ in self._limits]
        for percent, bound in ((50, 12), (99, 60)):
            yield Figure(
                name=f"insert → effect at {self._per_second} tx/s, p{percent}",
                unit="ms",
                rounds=[percentile(round_, percent) for round_ in rounds],
                bound=Bound(value=bound, at_most=True),
                beside=[percentile(round_, percent) for round_ in limits],
                beside_name="raw, without a relay",
                notes={"events": sum(map(len, rounds)), "cores": self._cpu.cores()},
            )

    def _wait_until_joined(self, appender: Child) -> None:
        before = Effect.objects.count()
        deadline = time.monotonic() + JOIN_SECONDS
        while Effect.objects.count() == before:
            if time.monotonic() > deadline:
                raise RefusalError("the consumer has not applied anything")
            appender.tell("40 0.5")
            appender.answer()

    def _round(self, appender: Child, limit: Child, pids: Mapping[str, int]) -> None:
        limit.tell(f"{self._per_second} {self._seconds}")
        self._limits.append(limit.answer()[int(self._per_second * WARM_SECONDS) :])
        meter = CpuMeter({**servers(), **pids})
        appender.tell(f"{self._per_second} {self._seconds}")
        answer = appender.answer()
        seconds = answer["ended"] - answer["started"]
        self._cpu.cpu.append({name: spent / seconds for name, spent in meter.used().items()})
        rate = self._per_second * self._seconds / seconds
        if rate < 0.95 * self._per_second:
            raise RefusalError(f"only {rate:.0f} tx/s could be appended")
        self._windows.append((answer["started"] + WARM_SECONDS, answer["ended"]))
        time.sleep(1)  # for the last ones to arrive

    def _milliseconds(self, start: float, end: float) -> list[float]:
        return [
            (committed - sent) / 1e6
            for sent, _, committed in self._events
            if start <= sent / 1e9 <= end
        ]
