"""Columns of the admin's lists that are read at a glance."""

from types import SimpleNamespace
from typing import Any

from outbox.columns import amount_column, status_column

STATUS: Any = status_column("state", good=["DONE"], waiting=["PENDING"], bad=["FAILED"])
AMOUNT: Any = amount_column("owed_amount", lambda amount, currency: f"{amount} {currency}")


def test_a_status_is_a_label_in_the_color_of_its_kind() -> None:
    for status, kind in {"DONE": "good", "PENDING": "waiting", "FAILED": "bad", "NEW": ""}.items():
        shown = f'<span class="status {kind}">{status}</span>'
        assert STATUS(SimpleNamespace(state=status)) == shown


def test_what_a_row_says_is_escaped() -> None:
    assert "<b>" not in STATUS(SimpleNamespace(state="<b>"))


def test_a_list_is_sorted_by_the_columns_field() -> None:
    assert (STATUS.admin_order_field, AMOUNT.admin_order_field) == ("state", "owed_amount")


def test_an_amount_has_its_currency_and_a_heading_in_words() -> None:
    row = SimpleNamespace(owed_amount=5, currency="EUR")
    assert AMOUNT(row) == '<span class="amount">5 EUR</span>'
    assert AMOUNT.short_description == "owed amount"


def test_an_amount_that_is_not_known_is_left_out() -> None:
    row = SimpleNamespace(owed_amount=None, currency="EUR")
    assert AMOUNT(row) == '<span class="amount"></span>'
