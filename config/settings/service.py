"""What the services with a database share: DRF, the admin, the outbox and their settings."""

from typing import Any

from config.database import database_settings
from config.settings.base import *
from config.settings.base import BASE_DIR, ENVIRONMENT, MIDDLEWARE, TRIAL

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "outbox",
]
MIDDLEWARE = [
    "config.outages.DatabaseOutage",
    "outbox.tracing.TraceContext",
    *MIDDLEWARE[:2],
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.browsers.Sessions",
    *MIDDLEWARE[2:],
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.browsers.Users",
    "config.browsers.Messages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The admin's looks.
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# WhiteNoise serves the files of the installed packages as they are: nothing to collect, so that
# the admin and the browsable API have their styles in every set-up.
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
if TRIAL:
    AUTHENTICATION_BACKENDS.append("config.trial.TrialAdmin")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.drf.JSONForPrograms",
    # Or `?format=api` would bring the browsable API through the gateway, which asks for JSON.
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_PARSER_CLASSES": [
        "config.drf.BoundedJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    # By itself DRF takes whatever Python reads as a date: 20261201, and 2026-W49-2.
    "DATE_INPUT_FORMATS": ["%Y-%m-%d"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.callers.Vouching",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["config.callers.MayAsk"],
    "DEFAULT_PAGINATION_CLASS": "config.drf.NewestFirst",
    "EXCEPTION_HANDLER": "config.drf.exception_handler",
    "DEFAULT_METADATA_CLASS": "config.drf.NameAndKind",
    "DEFAULT_SCHEMA_CLASS": "config.openapi.DocumentedSchema",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "VERSION": "0.1.0",
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    # The order is the code's: what is asked for first comes first.
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # The forms of the browsable API are for people, not for clients.
    "PARSER_WHITELIST": ["config.drf.BoundedJSONParser"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.operations.add_schemas",
    ],
    # What the gateway takes; a service itself takes what the gateway vouches with.
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "At the gateway: an API key, or a JSON Web Token.",
            }
        }
    },
}

KAFKA_BOOTSTRAP_SERVERS = ENVIRONMENT.host_ports("KAFKA_BOOTSTRAP_SERVERS", trial="127.0.0.1:9092")
KAFKA_PARTITIONS = ENVIRONMENT.number("KAFKA_PARTITIONS", default=12, least=1, most=1000)
KAFKA_REPLICATION = ENVIRONMENT.number("KAFKA_REPLICATION", default=1, least=1, most=9)


def outbox_settings(source: str, **consumers: dict[str, Any]) -> dict[str, Any]:
    """The outbox library's settings for the service named `source`, with its consumers."""
    return {
        "SOURCE": source,
        "EVENTS": "contracts.registry.EVENTS",
        "BOOTSTRAP_SERVERS": KAFKA_BOOTSTRAP_SERVERS,
        "PARTITIONS": KAFKA_PARTITIONS,
        "REPLICATION": KAFKA_REPLICATION,
        "CONSUMERS": consumers,
        "GROUP_PROTOCOL": ENVIRONMENT.choice(
            "KAFKA_GROUP_PROTOCOL", default="classic", of=("classic", "consumer")
        ),
        "GROUP_INSTANCE_ID": ENVIRONMENT.text("KAFKA_GROUP_INSTANCE_ID", default=""),
        "RETENTION_DAYS": ENVIRONMENT.number(
            "OUTBOX_RETENTION_DAYS", default=7, least=1, most=3650
        ),
        "NUDGE_LISTEN": ENVIRONMENT.listen_address("OUTBOX_NUDGE_LISTEN", default="127.0.0.1"),
    }


def databases(service: str) -> dict[str, dict[str, Any]]:
    """`DATABASES` for a service: its own database, and no other's."""
    url = ENVIRONMENT.database(
        f"{service.upper()}_DATABASE_URL",
        trial=f"sqlite:///{BASE_DIR}/var/demo/{service}.sqlite3",
    )
    return {"default": database_settings(url)}


def admin_url(service: str, port: int) -> str:
    """Where operators have a service's admin, which is not behind the gateway."""
    return ENVIRONMENT.url(
        f"{service.upper()}_ADMIN_URL", default="", trial=f"http://localhost:{port}"
    )


def offer_signing_keys() -> list[str]:
    """The keys of offers: fare signs with the first, booking verifies with all of them."""
    return ENVIRONMENT.names("OFFER_SIGNING_KEYS", trial=["trial-only-this-is-no-secret"])
