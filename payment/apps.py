"""The Django app."""

from django.apps import AppConfig


class PaymentConfig(AppConfig):
    """The payment service's only app of its own."""

    name = "payment"
