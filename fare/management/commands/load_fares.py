"""`manage.py load_fares`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fare.loading import BadFares, load_fares


class Command(BaseCommand):
    """A thin door to `fare.loading`."""

    help = "Add the fares of a CSV file, or change them to what it says, all or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path, help="CSV; docs/fares.md has its columns")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load all of it, or say of every bad line what is wrong."""
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}") from error
        try:
            loaded = load_fares(content=content)
        except BadFares as bad:
            for line in bad.lines:
                self.stderr.write(str(line))
            raise CommandError(f"{bad}; nothing has been loaded") from bad
        self.stdout.write(
            f"{loaded.new} fares are new, {loaded.changed} are changed, "
            f"{loaded.unchanged} were so before"
        )
