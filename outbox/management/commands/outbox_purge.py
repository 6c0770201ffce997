"""`manage.py outbox_purge`."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from outbox.conf import options as configured
from outbox.purge import purge

CHUNKS_PER_LINE = 100


class Command(BaseCommand):
    """A thin door to `outbox.purge`."""

    help = "Delete published events older than the retention, in small chunks."

    def add_arguments(self, parser: CommandParser) -> None:
        """How long published events stay."""
        parser.add_argument("--days", type=int, help="instead of the configured retention")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, saying from time to time how far it is."""
        days: int = configured().retention_days if options["days"] is None else options["days"]
        if days < 0:
            raise CommandError("--days must not be negative")
        deleted = 0
        chunks = purge(before=timezone.now() - timedelta(days=days))
        for number, count in enumerate(chunks, 1):
            deleted += count
            if number % CHUNKS_PER_LINE == 0:
                self.stdout.write(f"{deleted} events deleted so far")
        self.stdout.write(f"{deleted} events deleted that were published over {days} days ago")
