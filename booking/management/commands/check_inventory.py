"""`manage.py check_inventory`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from booking.invariants import violations


class Command(BaseCommand):
    """A thin door to `booking.invariants`."""

    help = "Compare seats with reservations; list what does not agree, and then exit with 1."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say every violation in a line of its own."""
        count = 0
        for count, violation in enumerate(violations(), 1):  # noqa: B007 (counts to the end)
            self.stdout.write(str(violation))
        if count:
            raise CommandError(f"{count} seats and reservations do not agree")
        self.stdout.write("every seat and every reservation agree")
