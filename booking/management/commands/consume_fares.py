"""`manage.py consume_fares`."""

from typing import Any

from django.core.management.base import BaseCommand

from outbox.consumer import Consumer
from outbox.worker import Loop


class Command(BaseCommand):
    """A thin door to `booking.handlers`."""

    help = "Apply fare's answers to reservations until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        consumer = Consumer("fares")
        Loop("consume_fares", consumer.run_once, consumer.close).run()
