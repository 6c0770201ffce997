"""One Django for all of the baseline's processes; `BASELINE_SERVICE` says whose database."""

from bench.baseline.databases import DATABASES as BOTH
from bench.baseline.databases import SERVICES
from config.environment import read_environment

ENVIRONMENT = read_environment()

SECRET_KEY = ENVIRONMENT.text("SECRET_KEY", trial="benchmark")
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "bench.baseline.urls"
WSGI_APPLICATION = "config.wsgi.application"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = ["bench.baseline.booking", "bench.baseline.payment"]
# What gunicorn's workers ask for, as in every service.
CLIENT_SECONDS = 10

SERVICE = ENVIRONMENT.choice("BASELINE_SERVICE", default="booking", of=SERVICES)
DATABASES = {"default": BOTH[f"baseline_{SERVICE}"]}
BOOTSTRAP_SERVERS = ENVIRONMENT.text("KAFKA_BOOTSTRAP_SERVERS", trial="127.0.0.1:9092")
# Of the gateway alone.
BOOKING_URL = ENVIRONMENT.text("BASELINE_BOOKING_URL", default="")
