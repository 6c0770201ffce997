"""What the tests run with when nobody has said anything: `TRIAL` and embedded databases.

A pytest plugin (`-p tests.environment` in pyproject.toml), because pytest-django loads the settings
before any conftest is read.
"""

import os
from typing import Final

DEFAULTS: Final = {
    "TRIAL": "1",
    "BOOKING_DATABASE_URL": "sqlite://:memory:",
    "PAYMENT_DATABASE_URL": "sqlite://:memory:",
    "FARE_DATABASE_URL": "sqlite://:memory:",
    "NOTIFICATION_DATABASE_URL": "sqlite://:memory:",
}

for name, value in DEFAULTS.items():
    os.environ.setdefault(name, value)
