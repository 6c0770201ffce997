"""Payments in Django's admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from outbox.admin import ReadOnly
from payment.models import Operation, Payment


class Operations(admin.TabularInline):
    """What was asked of the processor, and its answers."""

    model = Operation
    extra = 0
    can_delete = False
    exclude = ["payment_token"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds operations by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits operations by hand."""
        return False


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    """Payments change by events only, never by hand."""

    list_display = ["reservation_id", "authorized_amount", "currency", "created_at", "updated_at"]
    search_fields = ["=reservation_id"]
    ordering = ["-reservation_id"]
    inlines = [Operations]


@admin.register(Operation)
class OperationAdmin(ReadOnly):
    """Operations across payments, to find what is open or unknown."""

    list_display = ["payment", "number", "kind", "status", "amount", "currency", "requested_at"]
    list_filter = ["status", "kind"]
    list_select_related = ["payment"]
    search_fields = ["=payment__reservation_id"]
    exclude = ["payment_token"]
    ordering = ["-id"]
