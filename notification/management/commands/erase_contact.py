"""`manage.py erase_contact`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from notification import services


class Command(BaseCommand):
    """A thin door to `notification.services`."""

    help = "Forget every contact that names an e-mail address."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose."""
        parser.add_argument("address")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many there were."""
        count = services.erase_contact(options["address"], now=timezone.now())
        self.stdout.write(f"{count} contacts erased")
