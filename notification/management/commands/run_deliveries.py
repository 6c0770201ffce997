"""`manage.py run_deliveries`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from notification.channels.email import Mails
from notification.channels.webhook import Webhooks
from notification.deliveries import Deliveries
from notification.models import Delivery
from outbox.nudge import Listener
from outbox.worker import Loop


class Command(BaseCommand):
    """A thin door to `notification.deliveries`."""

    help = "Send mails and webhooks that are due until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        listener = Listener.from_settings()
        deliveries = Deliveries(
            {Delivery.Channel.EMAIL: Mails(), Delivery.Channel.WEBHOOK: Webhooks()},
            in_flight=settings.DELIVERIES_IN_FLIGHT,
            address=listener.address if listener else "",
        )
        Loop("run_deliveries", deliveries.run_once, deliveries.close, listener).run()
