"""`manage.py run_simulator`."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from payment.processors.server import Server, Webhooks
from payment.processors.simulator import Simulator


class Command(BaseCommand):
    """A thin door to `payment.processors.server`."""

    help = "Serve the simulated card processor over HTTP on 127.0.0.1 until SIGTERM or SIGINT."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen, and whom to tell."""
        parser.add_argument("--port", type=int, default=4010, help="0 for a free one")
        parser.add_argument("--webhooks", default="", help="the URL that outcomes are posted to")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        webhooks = Webhooks(options["webhooks"], secret=settings.PROCESSOR_WEBHOOK_SECRET)
        server = Server(
            options["port"],
            Simulator.from_settings(),
            key=settings.PROCESSOR_KEY,
            webhooks=webhooks,
        )

        def stop(*_: object) -> None:
            # shutdown() waits for serve_forever(), which this thread is in.
            threading.Thread(target=server.shutdown).start()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        self.stdout.write(f"listening on {server.url}")
        self.stdout.flush()
        with server:
            server.serve_forever(poll_interval=0.1)
