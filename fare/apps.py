"""The Django app."""

from django.apps import AppConfig


class FareConfig(AppConfig):
    """The fare service's only app of its own."""

    name = "fare"

    def ready(self) -> None:
        """Do what threads cannot do side by side."""
        from fare.departures import Departure, Results  # it needs the settings
        from fare.documents import MESSAGES
        from outbox import registry

        registry.learn([*MESSAGES, Departure, Results])
