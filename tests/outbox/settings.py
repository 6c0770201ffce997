"""A small shop: the library without any of the airline's services."""

from config.database import database_settings
from config.environment import read_environment

ENVIRONMENT = read_environment()

SECRET_KEY = "tests"
USE_TZ = True
INSTALLED_APPS = ["outbox", "tests.outbox.shop"]
DATABASES = {
    "default": database_settings(
        ENVIRONMENT.database("OUTBOX_DATABASE_URL", trial="sqlite:///:memory:")
    )
}
OUTBOX = {
    "SOURCE": "shop",
    "EVENTS": "tests.outbox.shop.events.EVENTS",
    "CONSUMERS": {
        "effects": {"topics": ["shop.events"], "handlers": "tests.outbox.shop.handlers.EFFECTS"}
    },
    "MARK_AFTER_SECONDS": 0,  # what is marked later has tests of its own
    "BOOTSTRAP_SERVERS": ENVIRONMENT.text("KAFKA_BOOTSTRAP_SERVERS", trial="127.0.0.1:9092"),
}
