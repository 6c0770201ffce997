"""The benchmark itself, on a system that runs: see dev/bench.py."""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from bench import command
from bench.children import Child, child
from bench.report import Bound, Figure, measured
from dev.console import RefusalError, run, step

if TYPE_CHECKING:
    from bench.saga.hops import Hops
    from bench.saga.observers import Observers
    from bench.whole.plain import PlainStage
    from bench.whole.stages import Stage

    Watched = tuple[Child, Observers, Hops]

PARTS: Final = ("demo", "buying", "rising", "history")
ROUNDS: Final = 3
PER_SECOND: Final = 50
# At an offer's price, and where fare is asked.
BOUNDS: Final = {50: 25, 99: 120}
UNPRICED_BOUNDS: Final = {50: 40, 99: 150}
LEAST_SUSTAINED: Final = 200
LEAST_TIMES_BASELINE: Final = 2
LEAST_SHARE_BESIDE_HISTORY: Final = 0.9
RESERVATIONS: Final = 1_000_000
# Of `make bench-booking`, which dev/bench.py runs before, while no other process works on the
# reservations.
ACCEPTED: Final = "reservations, distinct seats"


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    return command.run("whole", PARTS, _measure, rounds=ROUNDS)


def _measure(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.whole import page

    figures: list[Figure] = []
    for figure in _figures(options):
        figures.append(figure)
        yield figure
    page.write(options.results, figures, quick=options.quick)


def _figures(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.saga.hops import Hops
    from bench.saga.observers import Observers

    yield from _accepting(options)
    observers, hops = Observers(), Hops()
    with observers.watching(), child("-m", "bench.booking.clients") as clients:
        watched = clients, observers, hops
        if "demo" in options.part:
            yield from _demo(watched, options)
        if "buying" in options.part:
            yield from _buying(watched, options)
        if "rising" in options.part:
            yield from _rising(watched, options)
        if "history" in options.part:
            yield _history(watched, options)


def _accepting(options: argparse.Namespace) -> Iterator[Figure]:
    name = "booking-quick.json" if options.quick else "booking.json"
    file = Path(os.environ["BENCH_BEFORE"]) / name
    if not file.exists():
        raise RefusalError("booking's own benchmark, which runs first, has failed: see above")
    rows = json.loads(file.read_text())["figures"]
    yield from (measured(row) for row in rows if row["name"] == ACCEPTED)


def _demo(watched: "Watched", options: argparse.Namespace) -> Iterator[Figure]:
    from bench.whole.demonstrating import Demonstrating
    from bench.whole.stopping import stopped

    step("demo: installing what is missing; the system is stopped meanwhile")
    demonstrating = Demonstrating()
    with stopped(watched[0]):
        demonstrating.prepare()
        for _ in range(options.rounds):
            demonstrating.round()
    yield from demonstrating.figures()


def _buying(watched: "Watched", options: argparse.Namespace) -> Iterator[Figure]:
    from bench.booking.selling import reserving, reserving_unpriced
    from bench.saga.buying import Buying
    from bench.whole.rising import PATIENCE_SECONDS
    from bench.whole.stages import what_limits

    for name, request, bounds in (
        ("with an offer", reserving, BOUNDS),
        ("without", reserving_unpriced, UNPRICED_BOUNDS),
    ):
        buying = Buying(
            *watched,
            per_second=5 if options.quick else PER_SECOND,
            seconds=2 if options.quick else 10,
            request=request,
            patience=PATIENCE_SECONDS,
        )
        buying.rounds(name, options.rounds)
        for figure in buying.whole(bounds):
            figure.name = f"{figure.name}, {name}"
            figure.remark = "" if figure.is_met else what_limits(buying.by_process(), PER_SECOND)
            yield figure


def _rising(watched: "Watched", options: argparse.Namespace) -> Iterator[Figure]:
    from bench.baseline.system import system
    from bench.whole import plain
    from bench.whole.rising import RATES, rising
    from bench.whole.stages import knee
    from bench.whole.stopping import stopped

    rates, seconds = (RATES[:2], 3) if options.quick else (RATES, 20)
    step("rising: ever more reservations a second")
    stages = list(rising(*watched, seconds=seconds, rates=rates))
    step("rising: the naive baseline, while the system is stopped")
    with stopped(watched[0]), system() as baseline:
        bare = list(plain.rising(watched[0], baseline, seconds=seconds, rates=rates))
    yield _sustained(stages, bare)
    yield Figure(
        name="the knee: p50 leaves twice that of 5/s",
        unit="/s",
        rounds=[knee(stages)],
        notes={"stages": [vars(one) for one in stages]},
    )


def _sustained(stages: Sequence["Stage"], bare: Sequence["PlainStage"]) -> Figure:
    from bench.whole.stages import kept_up, what_limits

    return Figure(
        name="confirmed reservations, kept up",
        unit="/s",
        rounds=[kept_up(stages)],
        bound=Bound(value=LEAST_SUSTAINED),
        beside=[max(kept_up(bare), 1)],
        beside_name="naive baseline",
        ratio=Bound(value=LEAST_TIMES_BASELINE),
        notes={"baseline": [vars(one) for one in bare]},
        remark=what_limits(stages[-1].by_process, LEAST_SUSTAINED)
        + f"; of the baseline each takes {median(one.processor_ms for one in bare):.1f} ms",
    )


def _history(watched: "Watched", options: argparse.Namespace) -> Figure:
    from bench.whole import history
    from bench.whole.bursts import Bursts

    bursts = Bursts(*watched, count=20 if options.quick else 400)
    bursts.warm()
    empty = [bursts.round() for _ in range(options.rounds)]
    wanted = 1000 if options.quick else RESERVATIONS
    for done in history.load(wanted, of=bursts.some_reservation()):
        step(f"history: {done:,} of {wanted:,} reservations, {5 * done:,} events")
    bursts.warm()
    loaded = [bursts.round() for _ in range(options.rounds)]
    return Figure(
        name=f"{bursts.count} at once, beside {wanted:,} reservations",
        unit="/s",
        rounds=loaded,
        beside=empty,
        beside_name="the empty system",
        ratio=Bound(value=LEAST_SHARE_BESIDE_HISTORY),
    )


if __name__ == "__main__":
    run(main)
