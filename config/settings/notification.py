"""Settings of the notification service: mails to passengers, webhooks to partners. HTTP on 4004."""

from config.settings.service import *
from config.settings.service import (
    BASE_DIR,
    ENVIRONMENT,
    INSTALLED_APPS,
    REST_FRAMEWORK,
    SPECTACULAR_SETTINGS,
    admin_url,
    databases,
    outbox_settings,
)

SERVICE = "notification"
ROOT_URLCONF = "config.urls.notification"
INSTALLED_APPS = [*INSTALLED_APPS, "notification"]
DATABASES = databases(SERVICE)
ADMIN_URL = admin_url(SERVICE, 4004)
OUTBOX = outbox_settings(
    SERVICE,
    bookings={
        "topics": ["booking.events"],
        "handlers": "notification.handlers.BOOKINGS",
        # Nobody waits for a mail as for an answer; what comes often is recorded together.
        "gather_ms": 75,
    },
)

REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    # What is asked is nested: there is no form for it.
    "DEFAULT_PARSER_CLASSES": ["config.drf.BoundedJSONParser"],
}
SPECTACULAR_SETTINGS = {
    **SPECTACULAR_SETTINGS,
    "TITLE": "Notification",
    "DESCRIPTION": "Where partners get webhooks, and what was sent to whom.",
    "POSTPROCESSING_HOOKS": [
        *SPECTACULAR_SETTINGS["POSTPROCESSING_HOOKS"],
        "notification.documents.add_messages",
    ],
    "ENUM_NAME_OVERRIDES": {
        "DeliveryChannel": "notification.models.Delivery.Channel",
        "DeliveryStatus": "notification.models.Delivery.Status",
    },
}

LANGUAGES = [("en", "English"), ("sv", "svenska")]

# Mails: where they are given, who they are from, and where the links in them lead.
globals().update(
    ENVIRONMENT.mail_server("EMAIL_URL", trial=f"filemail:///{BASE_DIR}/var/demo/mails")
)
EMAIL_TIMEOUT = ENVIRONMENT.number("EMAIL_TIMEOUT_SECONDS", default=10, least=1, most=120)
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_address(
    "MAIL_FROM", trial="Airline <no-reply@airline.example.test>"
)
GATEWAY_URL = ENVIRONMENT.url("GATEWAY_URL", trial="http://127.0.0.1:3000")

# Webhooks: only to public addresses over TLS, unless this says otherwise.
WEBHOOK_PRIVATE_TARGETS = ENVIRONMENT.flag("WEBHOOK_PRIVATE_TARGETS", default=False)
WEBHOOK_CONNECT_MS = ENVIRONMENT.number("WEBHOOK_CONNECT_MS", default=3000, least=1, most=60_000)
WEBHOOK_READ_MS = ENVIRONMENT.number("WEBHOOK_READ_MS", default=10_000, least=1, most=60_000)

DELIVERIES_IN_FLIGHT = ENVIRONMENT.number("DELIVERIES_IN_FLIGHT", default=32, least=1, most=256)
# So long after the journey a contact is forgotten, and so long after it was over a delivery.
CONTACT_RETENTION_DAYS = ENVIRONMENT.number(
    "CONTACT_RETENTION_DAYS", default=30, least=1, most=3650
)
DELIVERY_RETENTION_DAYS = ENVIRONMENT.number(
    "DELIVERY_RETENTION_DAYS", default=90, least=1, most=3650
)
