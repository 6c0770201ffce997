"""`manage.py plan_departures`."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from booking.models import Flight
from booking.services import plan_departures


class Command(BaseCommand):
    """A thin door to `booking.services.plan_departures`."""

    help = "Make the departures of the coming days, with their seats; those there are stay."

    def add_arguments(self, parser: CommandParser) -> None:
        """The horizon."""
        parser.add_argument("--days", type=int, default=30, help="from today on (default 30)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Plan every flight."""
        days: int = options["days"]
        if not 1 <= days <= 400:
            raise CommandError("--days must be from 1 to 400")
        now, made = timezone.now(), 0
        for flight in Flight.objects.order_by("number"):
            made += plan_departures(flight, first=_local_date(flight, now), days=days)
        self.stdout.write(f"planned {made} departures for the next {days} days")


def _local_date(flight: Flight, now: datetime) -> Any:
    return now.astimezone(ZoneInfo(flight.origin_zone)).date()
