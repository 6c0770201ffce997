"""Reads."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
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


def operation_of(payment_id: UUID, number: int) -> Operation:
    """The operation of a payment under a number, and the payment, as they are now.

    Raises:
        Operation.DoesNotExist: there is none.
    """
    return Operation.objects.select_related("payment").get(payment=payment_id, number=number)


def authorization_of(operation: Operation) -> Operation | None:
    """The authorization that an operation is about, as it is now; nothing if there is none."""
    if operation.authorization_number is None:
        return None
    return Operation.objects.filter(
        payment=operation.payment_id,
        number=operation.authorization_number,
        kind=Operation.Kind.AUTHORIZE,
    ).first()


def was_voided(payment: Payment, number: int) -> bool:
    """Whether a void of the authorization under this number was asked for, and not refused."""
    return (
        Operation.objects.filter(
            payment=payment, kind=Operation.Kind.VOID, authorization_number=number
        )
        .exclude(status=Operation.Status.FAILED)
        .exists()
    )


def due_operations(*, shards: Sequence[int], besides: Sequence[int], limit: int) -> list[Operation]:
    """Operations of these shards whose time has come on the database's clock, oldest first.

    Those of one payment have their turn one after the other, as they were recorded, which is as
    booking numbered them: a capture waits until its authorization has its answer.

    Args:
        shards: the shards to look at.
        besides: ids to leave out, because they are being worked on.
        limit: how many at most.
    """
    earlier = Operation.objects.filter(
        payment=OuterRef("payment"), id__lt=OuterRef("id"), status__in=Operation.OPEN
    )
    due = Operation.objects.filter(
        ~Exists(earlier),
        status__in=Operation.OPEN,
        shard__in=shards,
        next_attempt_at__lte=Now(),
    )
    return list(
        due.exclude(id__in=besides).select_related("payment").order_by("next_attempt_at")[:limit]
    )
