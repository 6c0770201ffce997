"""`manage.py consume_bookings`."""

from typing import Any

from django.core.management.base import BaseCommand

from outbox.consumer import Consumer
from outbox.worker import Loop


class Command(BaseCommand):
    """A thin door to `notification.handlers`."""

    help = "Record whom to tell what booking says until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        consumer = Consumer("bookings")
        Loop("consume_bookings", consumer.run_once, consumer.close).run()
