"""Settings of the booking service: reservations, departures, seats, the saga. HTTP on 4001."""

from config.settings.service import *
from config.settings.service import (
    ENVIRONMENT,
    INSTALLED_APPS,
    SPECTACULAR_SETTINGS,
    TRIAL,
    admin_url,
    databases,
    offer_signing_keys,
    outbox_settings,
)

SERVICE = "booking"
ROOT_URLCONF = "config.urls.booking"
INSTALLED_APPS = [*INSTALLED_APPS, "booking"]
DATABASES = databases(SERVICE)
ADMIN_URL = admin_url(SERVICE, 4001)
OUTBOX = outbox_settings(
    SERVICE,
    fares={"topics": ["fare.events"], "handlers": "booking.handlers.FARES"},
    payments={"topics": ["payment.events"], "handlers": "booking.handlers.PAYMENTS"},
)

SPECTACULAR_SETTINGS = {
    **SPECTACULAR_SETTINGS,
    "TITLE": "Booking",
    "DESCRIPTION": (
        "Departures are searched; seats are held, paid for by events, changed and given up."
    ),
    "PATH_CONVERTER_OVERRIDES": {"date": {"type": "string", "format": "date"}},
    "ENUM_NAME_OVERRIDES": {
        "ReservationStatus": "booking.models.Reservation.Status",
        "DepartureStatus": "booking.models.Departure.Status",
        "SeatStatus": "booking.models.Seat.Status",
        "CabinName": "booking.models.Cabin",
        "PassengerType": "booking.models.ReservationPassenger.Type",
    },
}

HOLD_MINUTES = ENVIRONMENT.number("HOLD_MINUTES", default=15, least=1, most=24 * 60)
# Departures are made so many days ahead; a trial set-up has few, so that it starts in seconds.
HORIZON_DAYS = ENVIRONMENT.number("HORIZON_DAYS", default=30 if TRIAL else 330, least=1, most=400)
# From so many minutes before it leaves, a departure is closed: it does not sell.
CHECK_IN_CUT_OFF_MINUTES = ENVIRONMENT.number(
    "CHECK_IN_CUT_OFF_MINUTES", default=45, least=0, most=24 * 60
)
# What fare's offers are verified with.
OFFER_SIGNING_KEYS = offer_signing_keys()
# The first three digits of its tickets, the code that IATA has given to the airline.
TICKET_AIRLINE_CODE = ENVIRONMENT.number("TICKET_AIRLINE_CODE", default=0, least=0, most=999)
# Where fare is asked what a cancelation or a change comes to, and for how long at most; then for
# how long what it says can be confirmed.
FARE_URL = ENVIRONMENT.url("FARE_URL", trial="http://127.0.0.1:4003")
FARE_CONNECT_MS = ENVIRONMENT.number("FARE_CONNECT_MS", default=500, least=1, most=60_000)
FARE_READ_MS = ENVIRONMENT.number("FARE_READ_MS", default=3000, least=1, most=60_000)
QUOTE_MINUTES = ENVIRONMENT.number("QUOTE_MINUTES", default=10, least=1, most=24 * 60)
