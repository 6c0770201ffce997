"""`manage.py reconcile_payments`."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from payment.processors import OutcomeUnknown, processor
from payment.reconciliation import Difference, differences


class Command(BaseCommand):
    """A thin door to `payment.reconciliation`."""

    help = (
        "Compare payments with the processor's books and with what reservations owe; list what does"
        " not agree, and exit with 1 if anything is left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to repair, and how fresh is too fresh."""
        parser.add_argument(
            "--fix",
            action="store_true",
            help="do what there is only one of to do; the rest is for a person",
        )
        parser.add_argument(
            "--rest",
            type=int,
            default=15,
            metavar="MINUTES",
            help="compare only what nothing has happened to for so long (default 15)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say every difference in a line of its own."""
        rest = timedelta(minutes=options["rest"])
        try:
            found = list(differences(processor(), rest=rest, now=timezone.now()))
        except OutcomeUnknown as error:
            raise CommandError(f"the processor's books cannot be read: {error}") from error
        left = [difference for difference in found if not self._deal(difference, options["fix"])]
        if left:
            raise CommandError(f"{len(left)} differences are left")
        self.stdout.write("payments, processor and reservations agree")

    def _deal(self, difference: Difference, fix: bool) -> bool:
        """Whether nothing is left to do about it."""
        is_mended = fix and difference.repair is not None
        if is_mended and difference.repair:
            word = "repaired" if difference.repair() else "changed meanwhile"
            self.stdout.write(f"{difference} ({word})")
        else:
            self.stdout.write(str(difference))
        return is_mended
