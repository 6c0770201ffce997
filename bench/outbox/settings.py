"""A small shop that does nothing but publish and receive, for measuring the library alone."""

from config.database import database_settings
from config.environment import read_environment

ENVIRONMENT = read_environment()

SECRET_KEY = ENVIRONMENT.text("SECRET_KEY", trial="benchmark")
USE_TZ = True
INSTALLED_APPS = ["outbox", "bench.outbox.shop"]
DATABASES = {
    # What a process works on; and, for the process that prepares them all, the one with a history.
    "default": database_settings(
        ENVIRONMENT.database("BENCH_DATABASE_URL", trial="sqlite:///:memory:")
    ),
    "history": database_settings(
        ENVIRONMENT.database("BENCH_HISTORY_DATABASE_URL", trial="sqlite:///:memory:")
    ),
}
OUTBOX = {
    "SOURCE": "shop",
    "EVENTS": "bench.outbox.shop.events.EVENTS",
    "CONSUMERS": {
        "arrivals": {
            "topics": ["shop.arrivals"],
            "handlers": "bench.outbox.shop.handlers.EFFECTS",
        },
        "effects": {"topics": ["shop.effects"], "handlers": "bench.outbox.shop.handlers.EFFECTS"},
    },
    "BOOTSTRAP_SERVERS": ENVIRONMENT.text("KAFKA_BOOTSTRAP_SERVERS", trial="127.0.0.1:9092"),
}
