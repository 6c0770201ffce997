"""The Django app."""

from django.apps import AppConfig


class NotificationConfig(AppConfig):
    """The notification service's only app of its own."""

    name = "notification"

    def ready(self) -> None:
        """Do what threads cannot do side by side."""
        from notification.messages import EndpointRequest, RedeliveryRequest
        from outbox import registry  # it needs the settings

        registry.learn([EndpointRequest, RedeliveryRequest])
