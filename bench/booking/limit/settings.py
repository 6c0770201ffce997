"""A Django without middleware, apps or DRF, on booking's database."""

from config.database import database_settings
from config.environment import read_environment

ENVIRONMENT = read_environment()

SECRET_KEY = ENVIRONMENT.text("SECRET_KEY", trial="benchmark")
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
ROOT_URLCONF = "bench.booking.limit.views"
WSGI_APPLICATION = "config.wsgi.application"
MIDDLEWARE: list[str] = []
# What gunicorn's workers ask for, as in every service.
CLIENT_SECONDS = 10
DATABASES = {
    "default": {
        **database_settings(
            ENVIRONMENT.database("BOOKING_DATABASE_URL", trial="sqlite:///:memory:")
        ),
        "AUTOCOMMIT": False,
    }
}
