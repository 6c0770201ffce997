"""`manage.py run_deadlines`."""

from typing import Any

from django.core.management.base import BaseCommand

from booking.deadlines import Deadlines
from outbox.worker import Loop


class Command(BaseCommand):
    """A thin door to `booking.deadlines`."""

    help = "End what has waited too long until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        deadlines = Deadlines()
        Loop("run_deadlines", deadlines.run_once, deadlines.close).run()
