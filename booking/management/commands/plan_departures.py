"""`manage.py plan_departures`."""

import time
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from booking.planning import plan_departures

PROGRESS_SECONDS: Final = 2.0


class Command(BaseCommand):
    """A thin door to `booking.planning`."""

    help = "Make the departures of the coming days, with their seats; those there are stay."

    def add_arguments(self, parser: CommandParser) -> None:
        """The horizon."""
        parser.add_argument(
            "--days",
            type=int,
            default=settings.HORIZON_DAYS,
            help="from today on (default: HORIZON_DAYS, here %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan every flight, and say now and then how far it is."""
        days: int = options["days"]
        if not 1 <= days <= 400:
            raise CommandError("--days must be from 1 to 400")
        made, said = 0, time.monotonic()
        for planned in plan_departures(now=timezone.now(), days=days):
            made += planned.departures
            if time.monotonic() - said > PROGRESS_SECONDS:
                self.stdout.write(
                    f"{made} departures so far, {planned.period} until {planned.until}"
                )
                said = time.monotonic()
        self.stdout.write(f"planned {made} departures for the next {days} days")
