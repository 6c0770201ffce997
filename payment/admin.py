"""Payments in Django's admin."""

from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from contracts.money import money
from outbox.admin import ReadOnly
from outbox.columns import amount_column, status_column
from payment.models import LedgerEntry, Operation, Payment

Status = Operation.Status
BAD: Final = (Status.FAILED, Status.UNKNOWN)
AMOUNTS: Final = (
    "authorized_amount",
    "captured_amount",
    "refunded_amount",
    "voided_amount",
    "owed_amount",
)


class OnlyShown(admin.TabularInline):
    """Rows that nobody adds or edits by hand."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody does."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody does."""
        return False


class Operations(OnlyShown):
    """What was asked of the processor, and how it stands."""

    model = Operation
    fields = [
        "number",
        "kind",
        "authorization_number",
        "status",
        "amount",
        "captured_amount",
        "refunded_amount",
        "voided_amount",
        "processor_reference",
        "reason",
        "attempts",
        "next_attempt_at",
        "completed_at",
    ]


class Ledger(OnlyShown):
    """What happened, one entry after the other."""

    model = LedgerEntry
    fields = ["recorded_at", "operation", "status", "amount", "processor_reference", "reason"]
    ordering = ["id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        """With the operations, which name themselves."""
        return super().get_queryset(request).select_related("operation")


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    """Payments change by events only, never by hand."""

    list_display = [
        "reservation_id",
        "customer_id",
        *(amount_column(name, money) for name in AMOUNTS),
        "updated_at",
    ]
    search_fields = ["=reservation_id", "=customer_id"]
    ordering = ["-reservation_id"]
    inlines = [Operations, Ledger]


@admin.register(Operation)
class OperationAdmin(ReadOnly):
    """Operations across payments, to find what is open or unknown."""

    list_display = [
        "payment",
        "number",
        "kind",
        status_column("status", good=[Status.SUCCEEDED], waiting=[Status.REQUESTED], bad=BAD),
        amount_column("amount", money),
        "requested_at",
    ]
    list_filter = ["status", "kind"]
    list_select_related = ["payment"]
    search_fields = ["=payment__reservation_id"]
    exclude = ["payment_token"]
    ordering = ["-id"]
