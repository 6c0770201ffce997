"""Settings of the gateway: the one public door, a proxy without a database. HTTP on 3000."""

from config.settings.base import *
from config.settings.base import ENVIRONMENT, MIDDLEWARE, SILENCED_SYSTEM_CHECKS, TRIAL
from gateway import api_keys, key_sets

SERVICE = "gateway"
ROOT_URLCONF = "config.urls.gateway"
INSTALLED_APPS = ["gateway", "corsheaders", "django.contrib.staticfiles", "drf_spectacular_sidecar"]
MIDDLEWARE = [
    "gateway.security.SecurityHeaders",
    "corsheaders.middleware.CorsMiddleware",
    *MIDDLEWARE[:2],
    "whitenoise.middleware.WhiteNoiseMiddleware",
    *MIDDLEWARE[2:],
]
# What the page of the API is made of, as the packages have it.
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DATABASES: dict[str, object] = {}
SILENCED_SYSTEM_CHECKS = [
    *SILENCED_SYSTEM_CHECKS,
    "security.W003",  # no cookie crosses the gateway, so there is no session to forge a request in
]

UPSTREAMS = {
    "booking": ENVIRONMENT.url("BOOKING_URL", trial="http://127.0.0.1:4001"),
    "payment": ENVIRONMENT.url("PAYMENT_URL", trial="http://127.0.0.1:4002"),
    "fare": ENVIRONMENT.url("FARE_URL", trial="http://127.0.0.1:4003"),
    "notification": ENVIRONMENT.url("NOTIFICATION_URL", trial="http://127.0.0.1:4004"),
    "web": ENVIRONMENT.url("WEB_URL", trial="http://127.0.0.1:3001"),
}
# Which service answers for which path: the longest matching prefix wins. What fare answers to
# booking alone is not here.
ROUTES = {
    "/api/departures": "booking",
    "/api/seat-maps": "booking",
    "/api/reservations": "booking",
    "/api/offers": "fare",
    "/api/payments": "payment",
    "/api/webhooks": "notification",
    # How each service stands; it lets in operators alone.
    "/api/ops/booking": "booking",
    "/api/ops/payment": "payment",
    "/api/ops/fare": "fare",
    "/api/ops/notification": "notification",
    "/payments/webhooks": "payment",
    "/unsubscribe": "notification",
    # Everything else is a page.
    "/": "web",
}
# Whose requests are signed one by one, which their service checks itself.
SIGNED_ROUTES = {"/payments/webhooks", "/unsubscribe"}
# Which anybody may ask for: pages ask the gateway in their turn for what they show.
OPEN_ROUTES = {"/"}
UPSTREAM_CONNECT_MS = ENVIRONMENT.number("UPSTREAM_CONNECT_MS", default=1000, least=1, most=60_000)
UPSTREAM_READ_MS = ENVIRONMENT.number("UPSTREAM_READ_MS", default=10_000, least=1, most=60_000)
UPSTREAM_CONNECTIONS = ENVIRONMENT.number("UPSTREAM_CONNECTIONS", default=32, least=1, most=1024)
# Less than WEB_THREADS: a page waits for other requests, which need a thread as well.
PAGE_CONNECTIONS = ENVIRONMENT.number("PAGE_CONNECTIONS", default=8, least=1, most=1024)

# Who may come in: the holders of API keys, and of tokens that an identity provider has signed.
API_KEYS_FILE = ENVIRONMENT.file("API_KEYS_FILE", fit=api_keys.check)
JWT_KEYS = ENVIRONMENT.url_or_file("JWT_KEYS", fit=key_sets.check)
# Signs tokens by hand, for development: whoever has it is anybody.
JWT_SECRET = ENVIRONMENT.text("JWT_SECRET", default="") if TRIAL else ""
JWT_ISSUER = JWT_AUDIENCE = ""
if JWT_KEYS or JWT_SECRET:
    JWT_ISSUER = ENVIRONMENT.text("JWT_ISSUER")
    JWT_AUDIENCE = ENVIRONMENT.text("JWT_AUDIENCE")

# Which sites' pages may use the API from a browser; they sign in with tokens, as everybody does.
CORS_ALLOWED_ORIGINS = ENVIRONMENT.names("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = (
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "traceparent",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = (
    "etag",
    "location",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "www-authenticate",
    "x-request-id",
)

# How many requests there may be in a minute; 0 for any number, as when trying things out.
REQUESTS_PER_CUSTOMER = ENVIRONMENT.number(
    "REQUESTS_PER_CUSTOMER", default=0 if TRIAL else 600, least=0, most=1_000_000
)
REQUESTS_PER_ADDRESS = ENVIRONMENT.number(
    "REQUESTS_PER_ADDRESS", default=0 if TRIAL else 1200, least=0, most=1_000_000
)
# How many proxies of ours stand before the gateway and say in X-Forwarded-For who asked them.
TRUSTED_PROXIES = ENVIRONMENT.number("TRUSTED_PROXIES", default=0, least=0, most=10)
# Where requests are counted: in each process by itself, or in a cache that all gateways share.
CACHES = {"default": ENVIRONMENT.cache("THROTTLE_CACHE_URL")}
