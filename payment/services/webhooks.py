"""What a processor tells by itself, recorded as if it had been asked."""

from datetime import datetime
from uuid import UUID

from outbox.transactions import LostRace, unit_of_work
from payment import selectors
from payment.models import IllegalTransition, Operation
from payment.processors import Answer, Approved, Transaction
from payment.services.answers import record_answer


class UnknownOperation(Exception):
    """A processor tells of an operation that was never asked for."""


class ContradictoryOutcome(Exception):
    """A processor tells of an operation what does not go with what is recorded."""


@unit_of_work
def receive_outcome(told: Transaction, *, now: datetime) -> None:
    """Record an outcome that a processor told; told again, it changes nothing.

    Raises:
        UnknownOperation: there is no operation with this key.
        ContradictoryOutcome: it is about something else, or the operation has another answer.
    """
    operation = _operation(told.idempotency_key)
    if not is_about(operation, told):
        raise ContradictoryOutcome(f"{operation} was asked for otherwise")
    if not operation.is_settled:
        _record(operation, told.answer, now)
    elif not agrees(operation, told.answer):
        raise ContradictoryOutcome(f"{operation} has another outcome")


def _record(operation: Operation, answer: Answer, now: datetime) -> None:
    try:
        record_answer(operation, answer, now=now)
    except IllegalTransition as error:
        # A worker has recorded its own answer since the operation was read: look at that.
        raise LostRace(str(error)) from error


def is_about(operation: Operation, told: Transaction) -> bool:
    """Whether a line of the processor's books is what an operation has asked for."""
    # A void is of the whole authorization, whatever amount was named when it was asked for.
    is_void = operation.kind == Operation.Kind.VOID
    asked = (operation.kind, operation.currency, None if is_void else operation.amount)
    return asked == (told.kind, told.currency, None if is_void else told.amount)


def agrees(operation: Operation, answer: Answer) -> bool:
    """Whether an answer is the one that an operation has got."""
    if isinstance(answer, Approved):
        return (
            operation.status == Operation.Status.SUCCEEDED
            and operation.processor_reference == answer.reference
        )
    return operation.status == Operation.Status.FAILED


def _operation(idempotency_key: str) -> Operation:
    payment, _, number = idempotency_key.partition(":")
    try:
        return selectors.operation_of(UUID(payment), int(number))
    except (ValueError, Operation.DoesNotExist) as error:
        raise UnknownOperation("no operation has this key") from error
