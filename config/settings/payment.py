"""Settings of the payment service: payments, their operations, card processors. HTTP on 4002."""

from config.settings.service import *
from config.settings.service import (
    BASE_DIR,
    ENVIRONMENT,
    INSTALLED_APPS,
    databases,
    outbox_settings,
)

SERVICE = "payment"
ROOT_URLCONF = "config.urls.payment"
INSTALLED_APPS = [*INSTALLED_APPS, "payment"]
DATABASES = databases(SERVICE)
OUTBOX = outbox_settings(
    SERVICE, bookings={"topics": ["booking.events"], "handlers": "payment.handlers.BOOKINGS"}
)

# The card processor: a class of payment.processors and what it is made with.
PROCESSOR = ENVIRONMENT.import_path("PROCESSOR", trial="payment.processors.simulator.Simulator")
PROCESSOR_BOOKS = ENVIRONMENT.text(
    "PROCESSOR_BOOKS", trial=f"{BASE_DIR}/var/demo/processor-books.sqlite3"
)
PROCESSOR_LATENCY_MS = ENVIRONMENT.number("PROCESSOR_LATENCY_MS", default=0, least=0, most=60_000)
PROCESSOR_LATE_MS = ENVIRONMENT.number("PROCESSOR_LATE_MS", default=2000, least=0, most=600_000)
OPERATIONS_IN_FLIGHT = ENVIRONMENT.number("OPERATIONS_IN_FLIGHT", default=64, least=1, most=256)
