"""`manage.py outbox_history KEY`."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from outbox.events import history
from outbox.management.base import OperatorCommand
from outbox.models import OutboxEvent


class Command(OperatorCommand):
    """A thin door to `outbox.events.history`."""

    help = "Show what this service has published, or is about to publish, about one key."

    def add_arguments(self, parser: CommandParser) -> None:
        """The key, and the form of the answer."""
        parser.add_argument("key", help="the aggregate's id, such as a reservation's")
        parser.add_argument("--json", action="store_true", help="machine-readable")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per event."""
        rows = [_row(event) for event in history(options["key"])]
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        if not rows:
            raise CommandError(f"this service has published nothing about {options['key']}")
        for row in rows:
            self.stdout.write(
                "{sequence:>4}  {state:<9}  {created_at}  {type}  {error}".format(**row).rstrip()
            )


def _row(event: OutboxEvent) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "type": event.type,
        "topic": event.topic,
        "state": event.state,
        "created_at": event.created_at.isoformat(),
        "error": event.error,
        "published_at": event.published_at.isoformat() if event.published_at else None,
    }
