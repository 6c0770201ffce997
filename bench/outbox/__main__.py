"""The benchmark itself, on servers that run: see dev/bench.py."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import django

from bench import machine, plot, report
from dev.bootstrap import ROOT
from dev.console import run, step

PARTS: Final = ("drains", "passages", "consuming", "idling")


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    options = _arguments()
    django.setup()
    from bench.outbox import durability

    settings = durability.settings_in_force()
    for name, value in settings.items():
        print(f"    {name} = {value}")
    durability.require(settings)
    _prepare()
    facts = {"machine": machine.describe(), "settings": settings, "quick": options.quick}
    figures = list(_measure(options))
    print(f"\n{report.table(figures)}\n")
    name = "outbox-quick" if options.quick else "outbox"
    file = report.write(options.results, name, facts, figures)
    title = "outbox: " + (
        "a smoke test, not a measurement" if options.quick else "median of rounds"
    )
    subtitle = ", ".join(f"{key} {value}" for key, value in machine.describe().items())
    file.with_suffix(".svg").write_text(plot.svg(title, subtitle, figures))
    step(f"written: {file} and its .svg")
    return int(not options.quick and any(not figure.is_met for figure in figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/outbox", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers: a smoke test")
    parser.add_argument("--rounds", type=int, default=0, help="of each figure (default 5; quick 1)")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this; repeatable")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "bench" / "results", help="the folder"
    )
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.part = options.part or PARTS
    return options


def _prepare() -> None:
    from django.core.management import call_command

    from bench.outbox import stock

    step("making tables and topics")
    for database in ("default", "history"):
        call_command("migrate", database=database, run_syncdb=True, verbosity=0)
    stock.create_topics()


def _measure(options: argparse.Namespace) -> Iterator[report.Figure]:
    from bench.outbox.consuming import Consuming
    from bench.outbox.drains import Drains
    from bench.outbox.idling import Idling
    from bench.outbox.passages import Passages

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
