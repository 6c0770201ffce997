"""Reads."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.db.models.functions import Now

from payment.models import Operation, Payment


def payments() -> QuerySet[Payment]:
    """Every payment, with its operations."""
    return Payment.objects.prefetch_related("operations")


def operation(operation_id: int) -> Operation:
    """An operation and its payment, as they are now.

    Raises:
        Operation.DoesNotExist: there is none.
    """
    return Operation.objects.select_related("payment").get(pk=operation_id)


def due_operations(*, shards: Sequence[int], besides: Sequence[int], limit: int) -> list[Operation]:
    """Operations of these shards whose time has come on the database's clock, oldest first.

    Args:
        shards: the shards to look at.
        besides: ids to leave out, because they are being worked on.
        limit: how many at most.
    """
    due = Operation.objects.filter(
        status__in=Operation.OPEN, shard__in=shards, next_attempt_at__lte=Now()
    )
    return list(
        due.exclude(id__in=besides).select_related("payment").order_by("next_attempt_at")[:limit]
    )
