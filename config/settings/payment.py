"""Settings of the payment service: payments, their operations, card processors. HTTP on 4002."""

from config.settings.service import *
from config.settings.service import (
    BASE_DIR,
    ENVIRONMENT,
    INSTALLED_APPS,
    SPECTACULAR_SETTINGS,
    TRIAL,
    admin_url,
    databases,
    outbox_settings,
)

SERVICE = "payment"
ROOT_URLCONF = "config.urls.payment"
INSTALLED_APPS = [*INSTALLED_APPS, "payment"]
DATABASES = databases(SERVICE)
ADMIN_URL = admin_url(SERVICE, 4002)
OUTBOX = outbox_settings(
    SERVICE, bookings={"topics": ["booking.events"], "handlers": "payment.handlers.BOOKINGS"}
)

SPECTACULAR_SETTINGS = {
    **SPECTACULAR_SETTINGS,
    "TITLE": "Payment",
    "DESCRIPTION": "What was paid, to be looked at. Whatever has an effect comes by event.",
    "ENUM_NAME_OVERRIDES": {
        "OperationKind": "payment.models.Operation.Kind",
        "OperationStatus": "payment.models.Operation.Status",
    },
}

# The card processor: a class of payment.processors and what it is made with.
# The card processor: a class of payment.processors and what it is made with. Under TRIAL the
# simulator can be served over HTTP, too, so that both are configured.
PROCESSOR = ENVIRONMENT.import_path("PROCESSOR", trial="payment.processors.simulator.Simulator")
OVER_HTTP = PROCESSOR == "payment.processors.http.HttpProcessor"
PROCESSOR_BOOKS = ""
if TRIAL or not OVER_HTTP:
    PROCESSOR_BOOKS = ENVIRONMENT.text(
        "PROCESSOR_BOOKS", trial=f"{BASE_DIR}/var/demo/processor-books.sqlite3"
    )
PROCESSOR_LATENCY_MS = ENVIRONMENT.number("PROCESSOR_LATENCY_MS", default=0, least=0, most=60_000)
PROCESSOR_LATE_MS = ENVIRONMENT.number("PROCESSOR_LATE_MS", default=2000, least=0, most=600_000)
PROCESSOR_URL = PROCESSOR_KEY = PROCESSOR_WEBHOOK_SECRET = ""
if TRIAL or OVER_HTTP:
    PROCESSOR_URL = ENVIRONMENT.url("PROCESSOR_URL", trial="http://127.0.0.1:4010")
    PROCESSOR_KEY = ENVIRONMENT.text("PROCESSOR_KEY", trial="trial-only-this-is-no-secret")
    PROCESSOR_WEBHOOK_SECRET = ENVIRONMENT.text(
        "PROCESSOR_WEBHOOK_SECRET", trial="trial-only-this-is-no-secret"
    )
PROCESSOR_CONNECT_MS = ENVIRONMENT.number(
    "PROCESSOR_CONNECT_MS", default=1000, least=1, most=60_000
)
PROCESSOR_READ_MS = ENVIRONMENT.number("PROCESSOR_READ_MS", default=10_000, least=1, most=120_000)
# Who may post webhooks, below /payments/webhooks/, and the secret that they are signed with.
WEBHOOK_SECRETS = {"http": PROCESSOR_WEBHOOK_SECRET} if OVER_HTTP else {}
OPERATIONS_IN_FLIGHT = ENVIRONMENT.number("OPERATIONS_IN_FLIGHT", default=64, least=1, most=256)
