"""The shop's app. It has no migrations: its tables are made with `migrate --run-syncdb`."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """An app that publishes events about parcels, and receives them."""

    name = "bench.outbox.shop"
    label = "shop"
    default_auto_field = "django.db.models.BigAutoField"
