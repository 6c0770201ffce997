"""What the benchmarks have in common as commands: arguments, durable settings, results."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import django

from bench import machine, plot, report
from bench.report import Figure
from dev.bootstrap import ROOT
from dev.console import step

ROUNDS = 5

Measure = Callable[[argparse.Namespace], Iterable[Figure]]


def run(name: str, parts: Sequence[str], measure: Measure, *, rounds: int = ROUNDS) -> int:
    """Measure, print, write; 0 when every row of the table is met.

    Args:
        name: the benchmark's, and that of its results.
        parts: the parts that can be measured alone.
        measure: gives the rows; it gets the options `quick`, `rounds`, `part` and `results`.
        rounds: how many, if the command does not say.
    """
    options = _arguments(name, parts, rounds)
    django.setup()
    settings = _durable_settings()
    facts = {"machine": machine.describe(), "settings": settings, "quick": options.quick}
    figures = list(measure(options))
    print(f"\n{report.table(figures)}\n")
    file = report.write(options.results, f"{name}-quick" if options.quick else name, facts, figures)
    title = f"{name}: " + (
        "a smoke test, not a measurement" if options.quick else "median of rounds"
    )
    subtitle = ", ".join(f"{key} {value}" for key, value in machine.describe().items())
    file.with_suffix(".svg").write_text(plot.svg(title, subtitle, figures))
    step(f"written: {file} and its .svg")
    return int(not options.quick and any(not figure.is_met for figure in figures))


def _durable_settings() -> dict[str, object]:
    from bench import durability

    settings = durability.settings_in_force()
    for name, value in settings.items():
        print(f"    {name} = {value}")
    durability.require(settings)
    return settings


def _arguments(name: str, parts: Sequence[str], rounds: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"bench/{name}")
    parser.add_argument("--quick", action="store_true", help="small numbers: a smoke test")
    parser.add_argument(
        "--rounds", type=int, default=0, help=f"of each figure (default {rounds}; quick 1)"
    )
    parser.add_argument("--part", action="append", choices=parts, help="only this; repeatable")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "bench" / "results", help="the folder"
    )
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else rounds)
    options.part = options.part or parts
    return options
