"""The benchmark itself, on a system that runs: see dev/bench.py."""

import argparse
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from bench import command
from bench.children import child
from bench.report import Figure
from dev.console import run, step

PARTS: Final = ("buying", "alone")
# Two minutes: so long the rounds of a system that has just started become faster.
COLD_ROUNDS: Final = 3
BOUNDS: Final = MappingProxyType({50: 25, 99: 120})


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    return command.run("saga", PARTS, _measure)


def _measure(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.saga.buying import Buying
    from bench.saga.hops import Hops
    from bench.saga.observers import Observers

    observers, hops, quick = Observers(), Hops(), options.quick
    with observers.watching(), child("-m", "bench.booking.clients") as clients:
        watched = clients, observers, hops
        if "buying" in options.part:
            buying = Buying(*watched, per_second=20, seconds=3 if quick else 30)
            buying.rounds("buying", options.rounds, cold=1 if quick else COLD_ROUNDS)
            yield from buying.whole(BOUNDS)
            yield buying.cold()
            yield from buying.steps()
            yield buying.processor_time()
        if "alone" in options.part:
            alone = Buying(*watched, per_second=2, seconds=3 if quick else 20)
            alone.rounds("alone", options.rounds)
            yield from alone.whole()
            step("asking over and over")
            yield alone.ask(5 if quick else 20)


if __name__ == "__main__":
    run(main)
