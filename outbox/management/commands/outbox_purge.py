"""`manage.py outbox_purge`."""

from datetime import timedelta
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from outbox.conf import options as configured
from outbox.management.base import OperatorCommand
from outbox.purge import purge

CHUNKS_PER_LINE: Final = 100
MOST_DAYS: Final = 36_500


class Command(OperatorCommand):
    """A thin door to `outbox.purge`."""

    help = (
        "Delete events that were published longer ago than the retention, in small chunks. "
        "Pending and held events stay."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """How long published events stay."""
        parser.add_argument(
            "--days", type=int, help="instead of the setting RETENTION_DAYS; 0 for all of them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, saying from time to time how far it is."""
        days: int = configured().retention_days if options["days"] is None else options["days"]
        if not 0 <= days <= MOST_DAYS:
            raise CommandError(f"--days must be from 0 to {MOST_DAYS}")
        deleted = 0
        chunks = purge(before=timezone.now() - timedelta(days=days))
        for number, count in enumerate(chunks, 1):
            deleted += count
            if number % CHUNKS_PER_LINE == 0:
                self.stdout.write(f"{deleted} events deleted so far")
        self.stdout.write(f"{deleted} events deleted that were published over {days} days ago")
