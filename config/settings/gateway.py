"""Settings of the gateway: the one public door, a proxy without a database. HTTP on 3000."""

from config.settings.base import *
from config.settings.base import ENVIRONMENT, SILENCED_SYSTEM_CHECKS, TRIAL
from gateway import api_keys, key_sets

SERVICE = "gateway"
ROOT_URLCONF = "config.urls.gateway"
INSTALLED_APPS = ["gateway"]
DATABASES: dict[str, object] = {}
SILENCED_SYSTEM_CHECKS = [
    *SILENCED_SYSTEM_CHECKS,
    "security.W003",  # no cookie crosses the gateway, so there is no session to forge a request in
]

UPSTREAMS = {
    "booking": ENVIRONMENT.url("BOOKING_URL", trial="http://127.0.0.1:4001"),
    "payment": ENVIRONMENT.url("PAYMENT_URL", trial="http://127.0.0.1:4002"),
    "fare": ENVIRONMENT.url("FARE_URL", trial="http://127.0.0.1:4003"),
}
# Which service answers for which path: the longest matching prefix wins. What fare answers to
# booking alone is not here.
ROUTES = {
    "/api/departures": "booking",
    "/api/reservations": "booking",
    "/api/offers": "fare",
    "/api/payments": "payment",
    "/payments/webhooks": "payment",
}
# Whose requests are signed one by one, which their service checks itself.
SIGNED_ROUTES = {"/payments/webhooks"}
UPSTREAM_CONNECT_MS = ENVIRONMENT.number("UPSTREAM_CONNECT_MS", default=1000, least=1, most=60_000)
UPSTREAM_READ_MS = ENVIRONMENT.number("UPSTREAM_READ_MS", default=10_000, least=1, most=60_000)
UPSTREAM_CONNECTIONS = ENVIRONMENT.number("UPSTREAM_CONNECTIONS", default=32, least=1, most=1024)

# Who may come in: the holders of API keys, and of tokens that an identity provider has signed.
API_KEYS_FILE = ENVIRONMENT.file("API_KEYS_FILE", fit=api_keys.check)
JWT_KEYS = ENVIRONMENT.url_or_file("JWT_KEYS", fit=key_sets.check)
# Signs tokens by hand, for development: whoever has it is anybody.
JWT_SECRET = ENVIRONMENT.text("JWT_SECRET", default="") if TRIAL else ""
JWT_ISSUER = JWT_AUDIENCE = ""
if JWT_KEYS or JWT_SECRET:
    JWT_ISSUER = ENVIRONMENT.text("JWT_ISSUER")
    JWT_AUDIENCE = ENVIRONMENT.text("JWT_AUDIENCE")
