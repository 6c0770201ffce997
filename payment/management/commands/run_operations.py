"""`manage.py run_operations`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from outbox.nudge import Listener
from outbox.worker import Loop
from payment.operations import Operations
from payment.processors import processor


class Command(BaseCommand):
    """A thin door to `payment.operations`."""

    help = "Ask the card processor for what is due until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        listener = Listener.from_settings()
        operations = Operations(
            processor(),
            in_flight=settings.OPERATIONS_IN_FLIGHT,
            address=listener.address if listener else "",
        )
        Loop("run_operations", operations.run_once, operations.close, listener).run()
