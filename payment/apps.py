"""The Django app."""

from django.apps import AppConfig


class PaymentConfig(AppConfig):
    """The payment service's only app of its own."""

    name = "payment"

    def ready(self) -> None:
        """Do what threads cannot do side by side."""
        from outbox import registry  # it needs the settings
        from payment.processors.wire import Outcome, Page

        registry.learn([Outcome, Page])
