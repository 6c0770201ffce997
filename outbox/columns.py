"""Columns of the admin's lists that are read at a glance."""

from collections.abc import Callable, Collection
from typing import Any

from django.contrib import admin
from django.utils.html import format_html

Column = Callable[[Any], str]


def status_column(
    field: str,
    *,
    good: Collection[str] = (),
    waiting: Collection[str] = (),
    bad: Collection[str] = (),
) -> Column:
    """A column that shows a status as a label, in a color for how that is.

    Args:
        field: the status's name.
        good: what is as it should be.
        waiting: what is on its way.
        bad: what somebody may have to look at.
    """

    @admin.display(description=field, ordering=field)
    def column(row: Any) -> str:
        status = str(getattr(row, field))
        kinds = {"good": good, "waiting": waiting, "bad": bad}
        kind = next((name for name, statuses in kinds.items() if status in statuses), "")
        return format_html('<span class="status {}">{}</span>', kind, status)

    return column


def amount_column(field: str, shown: Callable[[int, str], str]) -> Column:
    """A column of amounts with their currency, one below the other.

    Args:
        field: the amount's name, in minor units of the row's `currency`.
        shown: an amount and a currency, for people to read.
    """

    @admin.display(description=field.replace("_", " "), ordering=field)
    def column(row: Any) -> str:
        amount = getattr(row, field)
        text = "" if amount is None else shown(amount, row.currency)
        return format_html('<span class="amount">{}</span>', text)

    return column
