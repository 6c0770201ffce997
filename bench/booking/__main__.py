"""The benchmark itself, on a database that runs: see dev/bench.py."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench import command
from bench.report import Figure
from dev.console import run, step

PARTS: Final = ("selling", "looking")


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    return command.run("booking", PARTS, _measure)


def _measure(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.booking import inventory, sites
    from bench.booking.selling import Selling
    from bench.booking.requests import recorded

    quick = options.quick
    inventory.load(flights=4 if quick else 40, days=40 if quick else 330)
    with TemporaryDirectory() as folder, sites.sending() as clients:
        file = Path(folder) / "recordings.json"
        yield from recorded(file)
        with (
            sites.site("config.settings.booking") as service,
            sites.site("bench.booking.limit.settings", BENCH_RECORDINGS=str(file)) as limit,
        ):
            if "selling" in options.part:
                selling = Selling(
                    clients, service, limit, count=100 if quick else 3000, whole=1 if quick else 8
                )
                selling.prepare()
                for number in range(options.rounds):
                    step(f"selling: round {number + 1} of {options.rounds}")
                    selling.round()
                yield from selling.figures()


if __name__ == "__main__":
    run(main)
