"""The pages of Django's admin, as every service's admin tests ask for them."""

from django.db.models import Model
from django.test import Client
from django.urls import reverse


def url(model: type[Model], page: str, *args: object) -> str:
    """Where a model's page is: its `changelist`, `add`, or one row's `change` or `delete`."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def edits_by_hand(visitor: Client, model: type[Model]) -> list[int]:
    """The statuses that adding, changing and deleting a row are answered with."""
    row = model._default_manager.first()
    assert row is not None
    sent = [
        visitor.post(url(model, "add"), {}),
        visitor.post(url(model, "change", row.pk), {}),
        visitor.post(url(model, "delete", row.pk), {"post": "yes"}),
    ]
    return [response.status_code for response in sent]
