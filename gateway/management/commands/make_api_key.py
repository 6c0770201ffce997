"""`manage.py make_api_key`: a new API key, and the line that lets it in."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contracts.callers import READ, SCOPES, WRITE
from gateway.api_keys import line, new_key


class Command(BaseCommand):
    """Makes an API key and keeps nothing of it."""

    help = (
        "Prints a new API key, which nobody can ever print again, and the line to add to the file "
        "that API_KEYS_FILE names. Deleting the line revokes the key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose key it is, and what for."""
        parser.add_argument("customer", help="whose reservations it makes and sees")
        parser.add_argument(
            "--scope",
            dest="scopes",
            action="append",
            choices=SCOPES,
            help=f"what it may do; again for another. If not said: {READ} and {WRITE}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print both."""
        key = new_key()
        try:
            entry = line(key, options["customer"], options["scopes"] or (READ, WRITE))
        except ValueError as error:
            raise CommandError(f"That cannot be: {error}.") from error
        self.stdout.write(f"The key, shown this once:\n\n    {key}\n\n")
        self.stdout.write(f"The line for API_KEYS_FILE:\n\n    {entry}\n")
