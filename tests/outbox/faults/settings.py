"""The shop's settings for the fault runs: handlers that say which event they served."""

from tests.outbox.settings import *  # noqa: F403
from tests.outbox.settings import OUTBOX

OUTBOX = {
    **OUTBOX,
    "CONSUMERS": {
        "effects": {"topics": ["shop.events"], "handlers": "tests.outbox.faults.handlers.EFFECTS"}
    },
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
}
