"""The shop's app."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """An app that publishes events about orders, and receives them."""

    name = "tests.outbox.shop"
    label = "shop"
    default_auto_field = "django.db.models.BigAutoField"
