"""What reconciliation does about a difference, where there is only one thing to do.

Its operations have numbers of their own and no saga; booking did not ask, and is not told. Each
service looks again, with the payment locked, and does nothing while anything is open: what has
changed since the difference was seen may have mended it.
"""

from datetime import datetime
from uuid import UUID

from outbox.transactions import unit_of_work
from payment import selectors
from payment.models import REPAIRS_FROM, IllegalTransition, Operation, Payment
from payment.processors import Answer
from payment.services.answers import record_answer

Kind = Operation.Kind


@unit_of_work
def refund_excess(payment_id: UUID, *, now: datetime) -> bool:
    """Ask for what was kept beyond what is owed to be given back, the newest charge first.

    Nothing is asked for where a refund was refused: what an operator has given back by hand then,
    is not known here, and would be given back twice.

    Returns:
        Whether there was anything to ask for.
    """
    payment = selectors.locked_at_rest(payment_id)
    excess = payment.excess_amount if payment else 0
    if payment is None or not excess or selectors.was_refund_refused(payment):
        return False
    for authorization in selectors.authorizations(payment):
        part = min(excess, authorization.captured_amount - authorization.refunded_amount)
        if part:
            _request(payment, Kind.REFUND, authorization, part, now)
            excess -= part
    return True


@unit_of_work
def void_unowed(payment_id: UUID, *, now: datetime) -> bool:
    """Ask for what is reserved to be given up, where nothing is owed.

    Returns:
        Whether there was anything to ask for.
    """
    payment = selectors.locked_at_rest(payment_id)
    if payment is None or payment.owed_amount != 0:
        return False
    untouched = [one for one in selectors.authorizations(payment) if one.is_untouched]
    for authorization in untouched:
        _request(payment, Kind.VOID, authorization, authorization.amount, now)
    return bool(untouched)


def record_told(operation: Operation, answer: Answer, *, now: datetime) -> bool:
    """Record what the processor's books say of an operation that is open here.

    Returns:
        Whether it was still open.
    """
    try:
        record_answer(operation, answer, now=now)
    except IllegalTransition:
        return False
    return True


def ask_again(operation: Operation) -> bool:
    """Have the processor asked now, instead of when the operation's time comes."""
    return operation.hasten()


def _request(
    payment: Payment, kind: Operation.Kind, authorization: Operation, amount: int, now: datetime
) -> None:
    Operation.request(
        payment,
        number=max(REPAIRS_FROM, selectors.last_number(payment) + 1),
        saga_id=None,
        kind=kind,
        authorization_number=authorization.number,
        amount=amount,
        now=now,
    )
