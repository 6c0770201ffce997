"""The benchmark itself, on servers that run: see dev/bench.py."""

import argparse
import os
import tempfile
from pathlib import Path

import django

from bench import machine, plot, report
from dev.bootstrap import ROOT
from dev.console import run, step


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    options = _arguments()
    django.setup()
    from bench.outbox import durability

    settings = durability.settings_in_force()
    for name, value in settings.items():
        print(f"    {name} = {value}")
    durability.require(settings)
    facts = {"machine": machine.describe(), "settings": settings, "quick": options.quick}
    figures = _measure(options)
    print(f"\n{report.table(figures)}\n")
    name = "payment-quick" if options.quick else "payment"
    file = report.write(options.results, name, facts, figures)
    subtitle = ", ".join(f"{key} {value}" for key, value in machine.describe().items())
    file.with_suffix(".svg").write_text(plot.svg("payment: median of rounds", subtitle, figures))
    step(f"written: {file} and its .svg")
    return int(not options.quick and any(not figure.is_met for figure in figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/payment", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers: a smoke test")
    parser.add_argument("--rounds", type=int, default=0, help="of each figure (default 5; quick 1)")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "bench" / "results", help="the folder"
    )
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    return options


def _measure(options: argparse.Namespace) -> list[report.Figure]:
    from django.core.management import call_command

    from bench.payment.authorizing import Authorizing

    step("making tables")
    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        authorizing = Authorizing(
            operations=100 if options.quick else 2000,
            folder=Path(folder),
            mariadb=int(os.environ["MARIADB_PID"]),
        )
        for number in range(options.rounds):
            step(f"authorizing: round {number + 1} of {options.rounds}")
            authorizing.round()
        return list(authorizing.figures())


if __name__ == "__main__":
    run(main)
