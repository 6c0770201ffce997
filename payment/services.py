"""Use cases; each owns its transaction. None of them calls a processor."""

from datetime import datetime, timedelta
from typing import Final

import outbox
from contracts.booking import PaymentAuthorizeRequested
from contracts.payment import PaymentAuthorized, PaymentDeclined
from contracts.values import Reason
from outbox.transactions import unit_of_work
from payment import selectors
from payment.models import Operation, Payment
from payment.processors import Approved, Declined

LONGEST_WAIT_SECONDS: Final = 60


@unit_of_work
def request_authorization(event: PaymentAuthorizeRequested, *, now: datetime) -> None:
    """Record that a card is to be authorized; `run_operations` does it."""
    payment, _ = Payment.objects.get_or_create(
        pk=event.reservation_id,
        defaults={"currency": event.currency, "created_at": now, "updated_at": now},
    )
    Operation.request(
        payment,
        saga_id=event.saga_id,
        number=event.operation_number,
        kind=Operation.Kind.AUTHORIZE,
        amount=event.amount,
        payment_token=event.payment_token,
        now=now,
    )


@unit_of_work
def record_answer(operation: Operation, answer: Approved | Declined, *, now: datetime) -> None:
    """Record the processor's definite answer and tell booking.

    The operation is read again, with its payment: the call took its time, and so may a lost race.

    Raises:
        IllegalTransition: an answer has been recorded before.
    """
    operation = selectors.operation(operation.pk)
    if isinstance(answer, Approved):
        _record_approval(operation, answer, now)
    else:
        _record_refusal(operation, answer, now)


def _record_approval(operation: Operation, answer: Approved, now: datetime) -> None:
    operation.complete(Operation.Status.SUCCEEDED, reference=answer.reference, now=now)
    operation.payment.add_authorized(operation.amount, now=now)
    outbox.append(
        operation.payment,
        PaymentAuthorized(
            reservation_id=operation.payment.pk,
            saga_id=operation.saga_id,
            operation_number=operation.number,
            amount=operation.amount,
            currency=operation.currency,
        ),
    )


def _record_refusal(operation: Operation, answer: Declined, now: datetime) -> None:
    operation.complete(Operation.Status.FAILED, reason=answer.reason, now=now)
    outbox.append(
        operation.payment,
        PaymentDeclined(
            reservation_id=operation.payment.pk,
            saga_id=operation.saga_id,
            operation_number=operation.number,
            reason=Reason(code=answer.reason),
        ),
    )


@unit_of_work
def record_unknown(operation: Operation, reason: str) -> None:
    """Record that the processor gave no definite answer; it will be asked again, ever later.

    Raises:
        IllegalTransition: a definite answer has been recorded before.
    """
    operation = selectors.operation(operation.pk)
    wait = timedelta(seconds=min(2**operation.attempts, LONGEST_WAIT_SECONDS))
    operation.postpone(reason, wait=wait)
