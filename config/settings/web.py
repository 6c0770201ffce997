"""Settings of the pages: a client of the public API, without a database. HTTP on 3001."""

from config.settings.base import *
from config.settings.base import ENVIRONMENT, MIDDLEWARE

SERVICE = "web"
ROOT_URLCONF = "config.urls.web"
INSTALLED_APPS = ["web", "django_htmx", "django.contrib.staticfiles"]
MIDDLEWARE = [
    "web.security.PagePolicy",
    *MIDDLEWARE[:2],
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    *MIDDLEWARE[2:],
    "django.middleware.csrf.CsrfViewMiddleware",
    "web.troubles.Troubles",
]
LANGUAGES = [("en", "English"), ("sv", "Svenska")]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "web.visitors.standing",
            ]
        },
    }
]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DATABASES: dict[str, object] = {}
# The host that the visitor knows is the gateway's, which tells it.
USE_X_FORWARDED_HOST = True
# A name of its own: cookies of one host are sent to all its ports, and the admins have theirs.
CSRF_COOKIE_NAME = "web_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "web.troubles.csrf_failure"

# Where the gateway answers, which asks the services: the pages have no way of their own.
GATEWAY_URL = ENVIRONMENT.url("GATEWAY_URL", trial="http://127.0.0.1:3000")
GATEWAY_CONNECT_MS = ENVIRONMENT.number("GATEWAY_CONNECT_MS", default=1000, least=1, most=60_000)
GATEWAY_READ_MS = ENVIRONMENT.number("GATEWAY_READ_MS", default=10_000, least=1, most=60_000)
