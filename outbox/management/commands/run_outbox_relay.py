"""`manage.py run_outbox_relay`."""

import math
from typing import Any

from django.core.management.base import BaseCommand

from outbox.nudge import Listener
from outbox.relay import Relay
from outbox.worker import Loop


class Command(BaseCommand):
    """A thin door to `outbox.relay`."""

    help = "Publish this service's committed events to Kafka until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        listener = Listener.from_settings()
        relay = Relay(address=listener.address if listener else "")
        # A relay that is stopped inside a transaction must not outlive its leases by its locks.
        silence = math.ceil(relay.leases.seconds)
        Loop("relay", relay.run_once, relay.close, listener, longest_silence=silence).run()
