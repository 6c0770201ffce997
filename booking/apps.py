"""The Django app."""

from django.apps import AppConfig


class BookingConfig(AppConfig):
    """The booking service's only app of its own."""

    name = "booking"
