"""The Django app."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Installed once in every service that publishes or consumes events."""

    name = "outbox"
    verbose_name = "Outbox and inbox"
    default_auto_field = "django.db.models.BigAutoField"
