"""The benchmark itself, on a database that runs: see dev/bench.py."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from bench import command
from bench.report import Figure
from dev.console import run, step

if TYPE_CHECKING:
    from bench.booking.sites import Clients, Site

PARTS: Final = ("accepting", "selling", "looking")


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    return command.run("booking", PARTS, _measure)


def _measure(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.booking import inventory, sites
    from bench.booking.requests import recorded

    quick = options.quick
    inventory.load(flights=2 if quick else 40, days=40 if quick else 330)
    with TemporaryDirectory() as folder, sites.sending() as clients:
        file = Path(folder) / "recordings.json"
        yield from recorded(file)
        with (
            sites.site("config.settings.booking") as service,
            sites.site("bench.booking.limit.settings", BENCH_RECORDINGS=str(file)) as limit,
        ):
            if {"accepting", "selling"} & set(options.part):
                yield from _selling(clients, service, limit, options)
            if "looking" in options.part:
                yield from _looking(clients, service, limit, options)


def _selling(
    clients: "Clients", service: "Site", limit: "Site", options: argparse.Namespace
) -> Iterator[Figure]:
    from bench.booking.selling import Selling

    count, whole = (50, 1) if options.quick else (3000, 8)
    selling = Selling(clients, service, limit, count=count, whole=whole)
    selling.prepare()
    for number in range(options.rounds):
        step(f"selling: round {number + 1} of {options.rounds}")
        selling.accept()
        if "selling" in options.part:
            selling.sell_out()
    yield selling.accepted()
    if "selling" in options.part:
        yield from selling.sold_out()


def _looking(
    clients: "Clients", service: "Site", limit: "Site", options: argparse.Namespace
) -> Iterator[Figure]:
    from bench.booking.looking import Looking

    seconds = 1 if options.quick else 12
    looking = Looking(clients, service, limit, per_second=50, seconds=seconds)
    for number in range(options.rounds):
        step(f"looking: round {number + 1} of {options.rounds}")
        looking.round()
    yield from looking.figures()


if __name__ == "__main__":
    run(main)
