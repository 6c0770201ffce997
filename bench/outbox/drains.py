"""How fast pending rows are published: by one relay, by two, of one hot key, beside a history."""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

from bench.children import child
from bench.machine import CpuMeter, servers
from bench.outbox import stock
from bench.report import Bound, Figure
from bench.rounds import Rounds
from dev.console import RefusalError, step
from outbox.models import SHARDS

WORKER: Final = ("-m", "bench.outbox.workers")
SATURATED: Final = 0.9

# Rows a second that raw SQL in waves of 2,000 reached on two cores of such a machine.
KNOWN_DRAIN: Final = Bound(value=35_000)


class Drains:
    """Rounds of draining, each way in turn.

    Args:
        rows: pending rows in each.
        history: published rows in the table that has a history.
        hot: rows of the one key.
    """

    def __init__(self, *, rows: int, history: int, hot: int) -> None:
        self.rows = rows
        self.hot = hot
        self.history = history
        self.by_way: dict[str, Rounds] = defaultdict(Rounds)

    def prepare(self) -> None:
        """Load the history."""
        for done in stock.fill_history(self.history, "history"):
            if done % 500_000 == 0 or done == self.history:
                step(f"history: {done:,} published rows")

    def round(self) -> None:
        """Each way once."""
        self._drain("limit", "raw_relay")
        self._drain("one", "relay", str(SHARDS))
        self._drain("two", "relay", str(SHARDS // 2), processes=2)
        if self.history:
            self._drain("history", "relay", str(SHARDS), using="history")
        self._rounds_of_one_key()
        self._drain("hot", "relay", str(SHARDS), rows=self.hot)

    def figures(self) -> Iterator[Figure]:
        """The rows of the table."""
        limit, one = self.by_way["limit"], self.by_way["one"]
        yield Figure(
            name=f"relay: {self.rows:,} rows, distinct keys",
            unit="rows/s",
            rounds=one.rates,
            bound=Bound(value=15_000),
            beside=limit.rates,
            beside_name="raw SQL",
            ratio=Bound(value=0.5),
            known=KNOWN_DRAIN,
            notes={"cores": one.cores(), "limit_cores": limit.cores()},
        )
        yield self._two()
        yield Figure(
            name=f"relay: one hot key, {self.hot:,} rows",
            unit="rows/s",
            rounds=self.by_way["hot"].rates,
            bound=Bound(value=1000),
            beside=self.by_way["rounds"].rates,
            beside_name="bare produce → ack",
            notes={"cores": self.by_way["hot"].cores()},
        )
        if self.history:
            yield Figure(
                name=f"relay: beside {self.history:,} published rows",
                unit="rows/s",
                rounds=self.by_way["history"].rates,
                beside=one.rates,
                beside_name="empty table",
                ratio=Bound(value=0.9),
                notes={"cores": self.by_way["history"].cores()},
            )

    def _two(self) -> Figure:
        two = self.by_way["two"]
        figure = Figure(
            name="relay: two processes",
            unit="rows/s",
            rounds=two.rates,
            beside=self.by_way["one"].rates,
            beside_name="one process",
            ratio=Bound(value=1.4),
            notes={"cores": two.cores()},
        )
        cores = two.cores()
        del cores["others"]  # what they take is no evidence of what these processes need
        busy, there = sum(cores.values()), os.cpu_count() or 1
        if not figure.is_met and busy >= SATURATED * there:
            used = ", ".join(f"{name} {share:.2f}" for name, share in cores.items())
            figure.excuse = f"the processors are: {busy:.2f} of {there} cores busy ({used})"
        return figure

    def _drain(
        self,
        way: str,
        worker: str,
        *arguments: str,
        rows: int | None = None,
        processes: int = 1,
        using: str = "default",
    ) -> None:
        rows = rows or self.rows
        if using == "default":
            stock.empty()
        variables = {"BENCH_DATABASE_URL": os.environ["BENCH_HISTORY_DATABASE_URL"]}
        with ExitStack() as stack:
            children = [
                stack.enter_context(
                    child(
                        *WORKER,
                        worker,
                        *arguments,
                        variables=variables if using == "history" else None,
                    )
                )
                for _ in range(processes)
            ]
            for one in children:
                one.answer()
            stock.fill(rows, using=using, hot=way == "hot")
            names = {f"{worker} {number}": one.pid for number, one in enumerate(children, 1)}
            meter = CpuMeter({**servers(), **names})
            for one in children:
                one.tell("")
            answers = [one.answer() for one in children]
            self._note(way, rows, answers, meter)
            for one in children:
                one.dismiss()
        if left := stock.pending(using):
            raise RefusalError(f"{way}: {left} of {rows} rows were not published")

    def _rounds_of_one_key(self) -> None:
        with child(*WORKER, "raw_rounds") as one:
            one.answer()
            meter = CpuMeter({**servers(), "raw_rounds": one.pid})
            one.tell(str(self.hot))
            self._note("rounds", self.hot, [one.answer()], meter)
            one.dismiss()

    def _note(self, way: str, rows: int, answers: list[Any], meter: CpuMeter) -> None:
        seconds = max(a["ended"] for a in answers) - min(a["started"] for a in answers)
        used = {name: spent / seconds for name, spent in meter.used().items()}
        drained = self.by_way[way]
        drained.rates.append(rows / seconds)
        drained.cpu.append(used)
        cores = ", ".join(f"{name} {share:.2f}" for name, share in used.items())
        step(f"  {way:<8} {rows / seconds:>9,.0f} rows/s   cores: {cores}")
