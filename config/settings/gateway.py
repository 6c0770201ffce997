"""Settings of the gateway: the one public door, a proxy without a database. HTTP on 3000."""

from config.settings.base import *
from config.settings.base import ENVIRONMENT, SILENCED_SYSTEM_CHECKS

SERVICE = "gateway"
ROOT_URLCONF = "config.urls.gateway"
INSTALLED_APPS = ["gateway"]
DATABASES: dict[str, object] = {}
SILENCED_SYSTEM_CHECKS = [
    *SILENCED_SYSTEM_CHECKS,
    "security.W003",  # no cookie crosses the gateway, so there is no session to forge a request in
]

BOOKING_URL = ENVIRONMENT.url("BOOKING_URL", trial="http://127.0.0.1:4001")
PAYMENT_URL = ENVIRONMENT.url("PAYMENT_URL", trial="http://127.0.0.1:4002")
FARE_URL = ENVIRONMENT.url("FARE_URL", trial="http://127.0.0.1:4003")
NOTIFICATION_URL = ENVIRONMENT.url("NOTIFICATION_URL", trial="http://127.0.0.1:4004")
# Which service answers for which path: the longest matching prefix wins. What fare answers to
# booking alone is not here.
ROUTES = {
    "/api/departures": BOOKING_URL,
    "/api/reservations": BOOKING_URL,
    "/api/offers": FARE_URL,
    "/api/payments": PAYMENT_URL,
    "/payments/webhooks": PAYMENT_URL,
    "/unsubscribe": NOTIFICATION_URL,
}
UPSTREAM_CONNECT_MS = ENVIRONMENT.number("UPSTREAM_CONNECT_MS", default=1000, least=1, most=60_000)
UPSTREAM_READ_MS = ENVIRONMENT.number("UPSTREAM_READ_MS", default=10_000, least=1, most=60_000)
UPSTREAM_CONNECTIONS = ENVIRONMENT.number("UPSTREAM_CONNECTIONS", default=32, least=1, most=1024)
