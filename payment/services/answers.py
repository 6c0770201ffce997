"""What an operation came to, recorded and told."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import outbox
from outbox.transactions import unit_of_work
from payment import selectors
from payment.models import Operation
from payment.processors import Answer, Approved, Declined, OutcomeUnknown
from payment.services.events import answer_of

Outcome = Answer | OutcomeUnknown

LONGEST_WAIT_SECONDS: Final = 60
Kind, Status = Operation.Kind, Operation.Status


def record_outcomes(
    outcomes: Mapping[int, Outcome], *, now: datetime, read: Sequence[Operation] = ()
) -> None:
    """Record what operations came to, move the totals, and tell booking, all or nothing.

    What is unknown will be asked again, ever later.

    Args:
        outcomes: by the operation's id; of a payment one at a time.
        now: when.
        read: the operations with their payments, as they were when they were due, from whoever has
            them. They are good for one attempt: where they, or their payments' events, have changed
            since, that loses the race, and they are read again for the next.

    Raises:
        IllegalTransition: an answer has been recorded before, to one of them.
    """
    _record_all(outcomes, now, iter([read] if read else []))


@unit_of_work
def _record_all(
    outcomes: Mapping[int, Outcome], now: datetime, read: Iterator[Sequence[Operation]]
) -> None:
    operations = next(read, None) or selectors.operations(outcomes)
    for operation in operations:
        _record(operation, outcomes[operation.pk], now)
    outbox.append_batch(
        (operation.payment, answer_of(operation))
        for operation in operations
        if operation.is_settled and _is_told(operation)
    )


def record_answer(operation: Operation, answer: Answer, *, now: datetime) -> None:
    """Record the processor's definite answer, move the totals, and tell booking.

    Raises:
        IllegalTransition: an answer has been recorded before.
    """
    record_outcomes({operation.pk: answer}, now=now)


def record_unknown(operation: Operation, reason: str, *, now: datetime) -> None:
    """Record that the processor gave no definite answer; it will be asked again, ever later.

    Raises:
        IllegalTransition: a definite answer has been recorded before.
    """
    record_outcomes({operation.pk: OutcomeUnknown(reason)}, now=now)


def settle_without_asking(operation: Operation, *, now: datetime) -> bool:
    """Answer a follow-up that the payment's own state answers: the processor need not be asked.

    Only for one at its turn: whatever was asked before it has its answer, so that what is
    decided once is decided the same each time. Most have to be asked for: they cost a look, and no
    transaction.

    Returns:
        Whether it was answered.

    Raises:
        IllegalTransition: an answer has been recorded before.
    """
    if _verdict(operation) is None:
        return False
    return _settle(operation.pk, now)


@unit_of_work
def _settle(operation_id: int, now: datetime) -> bool:
    operation = selectors.operation(operation_id)
    verdict = _verdict(operation)
    if verdict is None:
        return False
    status, reason = verdict
    operation.complete(status, reason=reason, now=now)
    if _is_told(operation):
        outbox.append(operation.payment, answer_of(operation))
    return True


def _verdict(operation: Operation) -> tuple[Operation.Status, str] | None:
    """The answer that the payment's own state gives to a follow-up, and why; or none."""
    if operation.kind == Kind.VOID and not _is_reserved(operation.authorization):
        return Status.SUCCEEDED, ""
    refusal = _refusal(operation)
    return (Status.FAILED, refusal) if refusal else None


def _is_reserved(authorization: Operation | None) -> bool:
    """Whether there is an authorization to give up."""
    return (
        authorization is not None
        and authorization.status == Status.SUCCEEDED
        and not authorization.voided_amount
    )


def _refusal(operation: Operation) -> str:
    """Why its authorization does not allow an operation, as a reason's code; or nothing."""
    authorization = operation.authorization
    if authorization is None or authorization.status != Status.SUCCEEDED:
        return "not_authorized"
    if authorization.voided_amount:
        return "authorization_voided"
    captured = authorization.captured_amount
    match operation.kind:
        case Kind.VOID if captured:
            return "captured"
        case Kind.CAPTURE if captured + operation.amount > authorization.amount:
            return "over_authorization"
        case Kind.REFUND if authorization.refunded_amount + operation.amount > captured:
            return "over_capture"
    return ""


def _record(operation: Operation, outcome: Outcome, now: datetime) -> None:
    match outcome:
        case Approved(reference=reference):
            _succeed(operation, reference, now)
        case Declined(reason=reason):
            operation.complete(Status.FAILED, reason=reason, now=now)
        case OutcomeUnknown():
            wait = timedelta(seconds=min(2**operation.attempts, LONGEST_WAIT_SECONDS))
            operation.postpone(str(outcome), wait=wait, now=now)


def _succeed(operation: Operation, reference: str, now: datetime) -> None:
    """Move the payment's total and, for a follow-up, that of its authorization."""
    amount = operation.amount
    if operation.kind == Kind.VOID and operation.authorization:
        amount = operation.authorization.amount
    operation.complete(Status.SUCCEEDED, reference=reference, amount=amount, now=now)
    operation.payment.add(Operation.TOTALS[operation.kind], amount, now=now)
    operation.count_on_authorization(amount)


def _is_told(operation: Operation) -> bool:
    """Whether a saga has asked; reconciliation's own operations were asked for by nobody."""
    return operation.saga_id is not None
