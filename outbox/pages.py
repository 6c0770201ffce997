"""Where the admin shows what there is to act on."""

from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse


def admin_page(model: type[Model], **query: str) -> str:
    """The path of the admin's list of a model's rows.

    Args:
        model: which rows.
        query: the filters, as the list's own address has them.
    """
    options = model._meta
    listed = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    return f"{listed}?{urlencode(query)}" if query else listed
