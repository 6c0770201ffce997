"""The Django app."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Installed once in every service that publishes or consumes events."""

    name = "outbox"
    verbose_name = "Outbox and inbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Do what threads cannot do side by side."""
        from outbox import registry  # it needs the settings

        registry.prepare()
