"""The benchmark itself, on a database that runs: see dev/bench.py."""

import argparse
from collections.abc import Iterator
from typing import Final

from bench import command
from bench.report import Figure
from dev.console import run, step

PARTS: Final = ("making", "reading")


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    return command.run("gateway", PARTS, _measure)


def _measure(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.booking import inventory, sites
    from bench.gateway.door import Door, both_ways

    quick = options.quick
    inventory.load(flights=4 if quick else 40, days=40 if quick else 60)
    with sites.sending() as clients, both_ways() as ways:
        for part in PARTS:
            if part in options.part:
                door = Door(clients, ways, part, seconds=2 if quick else 10)
                door.prepare()
                for number in range(options.rounds):
                    step(f"{part}: round {number + 1} of {options.rounds}")
                    door.round()
                yield from door.figures()


if __name__ == "__main__":
    run(main)
