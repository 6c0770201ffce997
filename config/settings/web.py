"""Settings of the pages: a client of the public API, without a database. HTTP on 3001."""

from config.settings.base import *
from config.settings.base import ENVIRONMENT, MIDDLEWARE, SILENCED_SYSTEM_CHECKS

SERVICE = "web"
ROOT_URLCONF = "config.urls.web"
INSTALLED_APPS = ["web", "django_htmx", "django.contrib.staticfiles"]
MIDDLEWARE = [
    "web.security.PagePolicy",
    *MIDDLEWARE[:2],
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    *MIDDLEWARE[2:],
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DATABASES: dict[str, object] = {}
SILENCED_SYSTEM_CHECKS = [
    *SILENCED_SYSTEM_CHECKS,
    "security.W003",  # nothing is posted to these pages
]

# Where the gateway answers, which asks the services: the pages have no way of their own.
GATEWAY_URL = ENVIRONMENT.url("GATEWAY_URL", trial="http://127.0.0.1:3000")
GATEWAY_CONNECT_MS = ENVIRONMENT.number("GATEWAY_CONNECT_MS", default=1000, least=1, most=60_000)
GATEWAY_READ_MS = ENVIRONMENT.number("GATEWAY_READ_MS", default=10_000, least=1, most=60_000)
