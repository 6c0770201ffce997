"""The benchmark itself, on servers that run: see dev/bench.py."""

import argparse
from collections.abc import Iterator
from typing import Final

from bench import command
from bench.report import Figure
from dev.console import run, step

PARTS: Final = ("drains", "passages", "consuming", "idling")


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    return command.run("outbox", PARTS, _measure)


def _prepare() -> None:
    from django.core.management import call_command

    from bench.outbox import stock

    step("making tables and topics")
    for database in ("default", "history"):
        call_command("migrate", database=database, run_syncdb=True, verbosity=0)
    stock.create_topics()


def _measure(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.outbox.consuming import Consuming
    from bench.outbox.drains import Drains
    from bench.outbox.idling import Idling
    from bench.outbox.passages import Passages

    _prepare()
    quick, rounds = options.quick, options.rounds
    if "drains" in options.part:
        drains = Drains(
            rows=2000 if quick else 100_000, history=0 if quick else 2_000_000, hot=1000
        )
        drains.prepare()
        for number in range(rounds):
            step(f"draining: round {number + 1} of {rounds}")
            drains.round()
        yield from drains.figures()
    if "passages" in options.part:
        passages = Passages(
            per_second=50 if quick else 200, seconds=3 if quick else 11, rounds=rounds
        )
        passages.run()
        yield from passages.figures()
    if "consuming" in options.part:
        consuming = Consuming(events=1000 if quick else 20_000, rounds=rounds)
        consuming.run()
        yield from consuming.figures()
    if "idling" in options.part:
        idling = Idling(seconds=2 if quick else 10, rounds=rounds)
        idling.run()
        yield from idling.figures()


if __name__ == "__main__":
    run(main)
