"""What the settings of every service share. Only `config.settings.<service>` is ever used."""

import sys
from pathlib import Path

from config.environment import read_environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
ENVIRONMENT = read_environment()

# The one switch for trying things out: it alone allows embedded defaults, the printed admin login
# and anonymous access. Never set it where real customers are.
TRIAL = ENVIRONMENT.trial

SECRET_KEY = ENVIRONMENT.text("SECRET_KEY", trial="trial-only-this-is-no-secret")
ALLOWED_HOSTS = ENVIRONMENT.names("ALLOWED_HOSTS", trial=["*"])
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.names("CSRF_TRUSTED_ORIGINS", default=[])
DEBUG = False

# What the services vouch for callers with: the key in use, then those that were in use before.
INTERNAL_KEYS = ENVIRONMENT.names(
    "INTERNAL_KEYS", trial=["trial-only-this-is-no-secret-of-anybody"]
)
# Who asks when nobody has signed in, which only TRIAL allows.
TRIAL_CUSTOMER = "trial"

ROOT_URLCONF: str
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

# Internal traffic is plain HTTP; TLS ends at whatever stands before the gateway and the admin.
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 0 if TRIAL else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not TRIAL
SECURE_HSTS_PRELOAD = not TRIAL
SESSION_COOKIE_SECURE = not TRIAL
CSRF_COOKIE_SECURE = not TRIAL
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # SECURE_SSL_REDIRECT would redirect the services' own calls to each other
]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en-us"

MIDDLEWARE = [
    "config.middleware.BodyLimit",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# A reservation is a few hundred bytes; nothing a client sends here is large.
MAX_BODY_BYTES = 64 * 1024
# How long a client may take to send a request, and to take each piece of its answer.
CLIENT_SECONDS = ENVIRONMENT.number("CLIENT_SECONDS", default=10, least=1, most=600)

LOG_LEVEL = ENVIRONMENT.choice(
    "LOG_LEVEL", default="INFO", of=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # A 404 or a 503 is an answer, not an event, and whoever gives a 503 says why: Django's own line
    # is for exceptions that nobody foresaw. The access log belongs to the gateway.
    "filters": {
        "exceptions": {"()": "django.utils.log.CallbackFilter", "callback": lambda r: r.exc_info}
    },
    "loggers": {
        # Anybody may send any Host; it is answered with 400 and is no event.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.request": {"level": "ERROR", "filters": ["exceptions"]},
    },
}
