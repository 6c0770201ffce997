"""`manage.py outbox_status`."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from outbox.management.base import OperatorCommand
from outbox.status import Status, read_status


class Command(OperatorCommand):
    """A thin door to `outbox.status`."""

    help = "Show what is pending and held, who owns the shards, and how far consumers are behind."

    def add_arguments(self, parser: CommandParser) -> None:
        """The form of the answer."""
        parser.add_argument("--json", action="store_true", help="machine-readable")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the status."""
        status = read_status(now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(status.as_json()))
            return
        for name, value in _lines(status):
            self.stdout.write(f"{name:<34} {value}")


def _lines(status: Status) -> Iterator[tuple[str, str]]:
    yield "service", status.service
    yield "pending", f"{status.pending}, oldest {status.oldest_pending_seconds:.1f} s"
    yield "held, outgoing", str(status.held_outgoing)
    if not status.held_incoming:
        yield "held, incoming", "0"
    for consumer, reasons in status.held_incoming.items():
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        yield f"held, incoming, {consumer}", counts
    if not status.owners and not status.unowned:
        yield "shards", "no relay has ever started"
    for group, owners in status.owners.items():
        for owner, shards in owners.items():
            yield f"shards, {group}", f"{shards:>2} {owner}"
    for group, unowned in status.unowned.items():
        yield (
            f"shards without owner, {group}",
            f"{len(unowned):>2} ({', '.join(map(str, unowned))})",
        )
    for consumer, lag in status.lag.items():
        yield f"lag, {consumer}", "Kafka does not answer" if lag is None else str(lag)
