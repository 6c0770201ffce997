"""Reads."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db.models import Count, Exists, Max, Min, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Now

from outbox.leases import of_shards
from outbox.prepared import Select, arguments, numbered
from payment.models import Operation, Payment


def payments(*, customer_id: str | None) -> QuerySet[Payment]:
    """A customer's payments, or everybody's (None), with their operations in the order in which
    they were asked for."""
    in_order = Prefetch("operations", Operation.objects.order_by("id"))
    found = Payment.objects.prefetch_related(in_order)
    return found if customer_id is None else found.filter(customer_id=customer_id)


def operation(operation_id: int) -> Operation:
    """An operation and its payment, as they are now.

    Raises:
        Operation.DoesNotExist: there is none.
    """
    return Operation.objects.select_related("payment").get(pk=operation_id)


def operations(ids: Collection[int]) -> list[Operation]:
    """These operations and their payments, as they are now, in the order of the ids."""
    found = _operations(len(ids)).all(**numbered("pk", ids))
    by_id = {operation.pk: operation for operation in found}
    return [by_id[pk] for pk in ids]


@lru_cache(maxsize=256)
def _operations(count: int) -> Select[Operation]:
    """The look at so many operations, which every answer of the processor's takes."""
    these = Operation.objects.filter(pk__in=arguments(Operation, "pk", count))
    return Select(these.select_related("payment"))


def operation_of(payment_id: UUID, number: int) -> Operation:
    """The operation of a payment under a number, and the payment, as they are now.

    Raises:
        Operation.DoesNotExist: there is none.
    """
    return Operation.objects.select_related("payment").get(payment=payment_id, number=number)


def was_voided(payment: Payment, number: int) -> bool:
    """Whether a void of the authorization under this number was asked for, and not refused."""
    return (
        Operation.objects.filter(
            payment=payment, kind=Operation.Kind.VOID, authorization_number=number
        )
        .exclude(status=Operation.Status.FAILED)
        .exists()
    )


def due_operations(
    *, shards: Sequence[int], besides: Collection[int], limit: int
) -> list[Operation]:
    """Operations of these shards whose time has come on the database's clock, oldest first.

    Those of one payment have their turn one after the other, as they were recorded, which is as
    booking numbered them: a capture waits until its authorization has its answer.

    Args:
        shards: the shards to look at.
        besides: ids to leave out, because they are being worked on.
        limit: how many at most.
    """
    if not shards:
        return []
    due = _due(tuple(shards), limit + len(besides)).all()
    return [operation for operation in due if operation.pk not in besides][:limit]


@lru_cache(maxsize=64)
def _due(shards: tuple[int, ...], limit: int) -> Select[Operation]:
    """The look at some shards: a worker has the same ones most of the time."""
    earlier = Operation.objects.filter(
        payment=OuterRef("payment"), id__lt=OuterRef("id"), status__in=Operation.OPEN
    )
    due = Operation.objects.filter(
        ~Exists(earlier), status__in=Operation.OPEN, next_attempt_at__lte=Now()
    )
    of_them = of_shards(due, shards).select_related("payment")
    return Select(of_them.order_by("next_attempt_at")[:limit])


def last_number(payment: Payment) -> int:
    """The highest number of a payment's operations."""
    found = Operation.objects.filter(payment=payment).aggregate(last=Max("number"))
    return int(found["last"] or 0)


def authorizations(payment: Payment) -> list[Operation]:
    """A payment's authorizations that have succeeded, the newest first."""
    return list(
        Operation.objects.filter(
            payment=payment, kind=Operation.Kind.AUTHORIZE, status=Operation.Status.SUCCEEDED
        ).order_by("-number")
    )


def waiting_operations() -> dict[str, tuple[int, datetime]]:
    """The operations without an answer, by status: how many, and since when the first waits."""
    waiting = Operation.objects.filter(status__in=Operation.OPEN).values_list("status").order_by()
    rows = waiting.annotate(Count("pk"), Min("requested_at"))
    return {status: (count, oldest) for status, count, oldest in rows}


# Reconciliation


def operations_by_key(keys: Iterable[str]) -> dict[str, Operation]:
    """The operations that there are of these idempotency keys."""
    payments: set[UUID] = set()
    for key in keys:
        with suppress(ValueError):
            payments.add(UUID(key.partition(":")[0]))
    found = Operation.objects.filter(payment__in=payments).select_related("payment")
    return {operation.idempotency_key: operation for operation in found}


def done_by_processor(before: datetime) -> Iterator[Operation]:
    """Operations that a processor has said yes to before a moment."""
    done = Operation.objects.filter(status=Operation.Status.SUCCEEDED, completed_at__lte=before)
    return done.exclude(processor_reference="").order_by("id").iterator()


def open_operations(before: datetime) -> Iterator[Operation]:
    """Operations without an answer that were asked for before a moment."""
    waiting = Operation.objects.filter(status__in=Operation.OPEN, requested_at__lte=before)
    return waiting.order_by("id").iterator()


def payments_at_rest(before: datetime) -> Iterator[Payment]:
    """Payments of which is known what is owed, with nothing open, and unchanged since a moment."""
    resting = Payment.objects.filter(owed_amount__isnull=False, updated_at__lte=before)
    return resting.filter(~Exists(_open_of_it())).order_by("pk").iterator()


def locked_at_rest(payment_id: UUID) -> Payment | None:
    """A payment, locked until the transaction ends, if nothing of it is open."""
    payment = Payment.objects.select_for_update().get(pk=payment_id)
    is_open = Operation.objects.filter(payment=payment, status__in=Operation.OPEN).exists()
    return None if is_open else payment


def was_refund_refused(payment: Payment) -> bool:
    """Whether a processor has ever said no, for good, to giving something of a payment back."""
    refunds = Operation.objects.filter(payment=payment, kind=Operation.Kind.REFUND)
    return refunds.filter(status=Operation.Status.FAILED).exists()


def _open_of_it() -> QuerySet[Operation]:
    return Operation.objects.filter(payment=OuterRef("pk"), status__in=Operation.OPEN)
