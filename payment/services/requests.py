"""What booking asks for, recorded; `run_operations` does it."""

from datetime import datetime
from typing import Final

import outbox
from contracts.booking import (
    FollowUpRequested,
    PaymentAuthorizeRequested,
    PaymentCaptureRequested,
    PaymentRefundRequested,
    PaymentVoidRequested,
)
from outbox.transactions import unit_of_work
from payment import selectors
from payment.models import Operation, Payment
from payment.services.events import answer_of

Kind = Operation.Kind

FOLLOW_UPS: Final = {
    PaymentCaptureRequested: Kind.CAPTURE,
    PaymentVoidRequested: Kind.VOID,
    PaymentRefundRequested: Kind.REFUND,
}
VOIDED_BEFORE: Final = "voided_before"


@unit_of_work
def request_authorization(event: PaymentAuthorizeRequested, *, now: datetime) -> None:
    """Record that a card is to be authorized.

    Where its void has come before it, the card is never asked: that void was answered, or will be,
    on the promise that nothing will be reserved.

    Raises:
        ConflictingRequest: something else was asked under the number.
        OtherCurrency: the reservation's payment is in another currency.
    """
    payment = Payment.locked(
        event.reservation_id,
        currency=event.currency,
        customer_id=event.customer_id or "",
        now=now,
    )
    is_new = Operation.request(
        payment,
        number=event.operation_number,
        saga_id=event.saga_id,
        kind=Kind.AUTHORIZE,
        amount=event.amount,
        payment_token=event.payment_token,
        now=now,
    )
    if is_new and not payment.is_new and selectors.was_voided(payment, event.operation_number):
        operation = selectors.operation_of(payment.pk, event.operation_number)
        operation.complete(Operation.Status.FAILED, reason=VOIDED_BEFORE, now=now)
        outbox.append(payment, answer_of(operation))


@unit_of_work
def request_follow_up(event: FollowUpRequested, *, now: datetime) -> None:
    """Record that an authorization is to be captured, voided or refunded.

    The authorization need not be there: what is not there is not captured and not refunded, and its
    void holds against it should it come later.

    Raises:
        ConflictingRequest: something else was asked under the number.
        OtherCurrency: the reservation's payment is in another currency.
    """
    payment = Payment.locked(event.reservation_id, currency=event.currency, now=now)
    Operation.request(
        payment,
        number=event.operation_number,
        saga_id=event.saga_id,
        kind=FOLLOW_UPS[type(event)],
        authorization_number=event.authorization_number,
        amount=event.amount,
        now=now,
    )
