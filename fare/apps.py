"""The Django app."""

from django.apps import AppConfig


class FareConfig(AppConfig):
    """The fare service's only app of its own."""

    name = "fare"
