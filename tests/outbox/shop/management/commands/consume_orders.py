"""`manage.py consume_orders`."""

from typing import Any

from django.core.management.base import BaseCommand

from outbox.consumer import Consumer
from outbox.worker import Loop


class Command(BaseCommand):
    """A thin door to the shop's handlers."""

    help = "Apply the shop's own events until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        consumer = Consumer("effects")
        Loop("consume_orders", consumer.run_once, consumer.close).run()
