"""The benchmark itself, on a database and a broker that run: see dev/bench.py."""

import argparse
import os
from collections.abc import Iterator
from typing import Final

from bench import command
from bench.report import Figure
from dev.console import run, step

PARTS: Final = ("webhooks", "mails")


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    return command.run("notification", PARTS, _measure)


def _measure(options: argparse.Namespace) -> Iterator[Figure]:
    from django.core.management import call_command

    from bench.notification.mails import Mails
    from bench.notification.webhooks import Webhooks

    step("making tables and topics")
    call_command("migrate", verbosity=0)
    call_command("create_topics", verbosity=0)
    if "webhooks" in options.part:
        webhooks = Webhooks(
            count=200 if options.quick else 10_000, mariadb=int(os.environ["MARIADB_PID"])
        )
        for number in range(options.rounds):
            step(f"webhooks: round {number + 1} of {options.rounds}")
            webhooks.round()
        yield from webhooks.figures()
    if "mails" in options.part:
        mails = Mails(count=5 if options.quick else 100)
        for number in range(options.rounds):
            step(f"mails: round {number + 1} of {options.rounds}")
            mails.round()
        yield from mails.figures()


if __name__ == "__main__":
    run(main)
