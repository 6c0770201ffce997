"""Settings of the fare service: fares, prices, offers, what cancelations cost. HTTP on 4003."""

from config.settings.service import *
from config.settings.service import (
    ENVIRONMENT,
    INSTALLED_APPS,
    REST_FRAMEWORK,
    SPECTACULAR_SETTINGS,
    admin_url,
    databases,
    offer_signing_keys,
    outbox_settings,
)

SERVICE = "fare"
ROOT_URLCONF = "config.urls.fare"
INSTALLED_APPS = [*INSTALLED_APPS, "fare"]
DATABASES = databases(SERVICE)
ADMIN_URL = admin_url(SERVICE, 4003)
OUTBOX = outbox_settings(
    SERVICE, bookings={"topics": ["booking.events"], "handlers": "fare.handlers.BOOKINGS"}
)

REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    # What is asked is nested: there is no form for it.
    "DEFAULT_PARSER_CLASSES": ["config.drf.BoundedJSONParser"],
}
SPECTACULAR_SETTINGS = {
    **SPECTACULAR_SETTINGS,
    "TITLE": "Fare",
    "DESCRIPTION": "What flying costs, and what canceling or changing does. Nothing has an effect.",
    "POSTPROCESSING_HOOKS": [
        *SPECTACULAR_SETTINGS["POSTPROCESSING_HOOKS"],
        "fare.documents.add_messages",
    ],
}

# Where booking is asked for departures and seats left, and for how long at most: all that is asked
# for one customer shares the time to read.
BOOKING_URL = ENVIRONMENT.url("BOOKING_URL", trial="http://127.0.0.1:4001")
BOOKING_CONNECT_MS = ENVIRONMENT.number("BOOKING_CONNECT_MS", default=500, least=1, most=60_000)
BOOKING_READ_MS = ENVIRONMENT.number("BOOKING_READ_MS", default=3000, least=1, most=60_000)
BOOKING_CONNECTIONS = ENVIRONMENT.number("BOOKING_CONNECTIONS", default=8, least=1, most=1024)

# Offers are signed with the first key. Who verifies them takes the others, too: so a key is
# replaced by putting the new one before it, and dropped when its last offer has expired.
OFFER_SIGNING_KEYS = offer_signing_keys()
OFFER_MINUTES = ENVIRONMENT.number("OFFER_MINUTES", default=20, least=1, most=24 * 60)
