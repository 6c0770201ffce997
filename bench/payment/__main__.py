"""The benchmark itself, on a database that runs: see dev/bench.py."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench import command
from bench.report import Figure
from dev.console import run, step

PARTS: Final = ("authorizing",)


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    return command.run("payment", PARTS, _measure)


def _measure(options: argparse.Namespace) -> Iterator[Figure]:
    from django.core.management import call_command

    from bench.payment.authorizing import Authorizing

    step("making tables")
    call_command("migrate", verbosity=0)
    with TemporaryDirectory() as folder:
        authorizing = Authorizing(
            operations=100 if options.quick else 2000,
            folder=Path(folder),
            mariadb=int(os.environ["MARIADB_PID"]),
        )
        for number in range(options.rounds):
            step(f"authorizing: round {number + 1} of {options.rounds}")
            authorizing.round()
        yield from authorizing.figures()


if __name__ == "__main__":
    run(main)
