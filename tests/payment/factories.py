"""Things that tests of payment start from."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.booking import (
    FollowUpRequested,
    PaymentAuthorizeRequested,
    PaymentCaptureRequested,
    PaymentRefundRequested,
    PaymentVoidRequested,
)
from payment import services
from payment.models import Operation, Payment
from payment.processors import Approved, Authorization

NOW: Final = datetime(2020, 1, 10, 12, 0, tzinfo=UTC)  # long ago: what was asked then is due
AMOUNT: Final = 12900
CARD: Final = "tok_approve"
CUSTOMER: Final = "trial"  # whom nobody has to sign in for


def requested(
    reservation_id: UUID | None = None, *, number: int = 1, token: str = CARD, **facts: Any
) -> PaymentAuthorizeRequested:
    """Booking's request to authorize a card."""
    return PaymentAuthorizeRequested(
        reservation_id=reservation_id or uuid7(),
        saga_id=uuid7(),
        operation_number=number,
        payment_token=token,
        **{"amount": AMOUNT, "currency": "EUR", "customer_id": CUSTOMER, **facts},
    )


FOLLOW_UPS: Final = {
    "CAPTURE": PaymentCaptureRequested,
    "VOID": PaymentVoidRequested,
    "REFUND": PaymentRefundRequested,
}


def follow_up(
    kind: str, reservation_id: UUID, *, number: int = 2, of: int = 1, **facts: Any
) -> FollowUpRequested:
    """Booking's request about the authorization of number `of`."""
    return FOLLOW_UPS[kind](
        reservation_id=reservation_id,
        saga_id=uuid7(),
        operation_number=number,
        authorization_number=of,
        **{"amount": AMOUNT, "currency": "EUR", **facts},
    )


def asked(kind: str, payment: Payment, *, number: int = 2, **facts: Any) -> Operation:
    """A follow-up REQUESTED of a payment that is there."""
    services.request_follow_up(follow_up(kind, payment.pk, number=number, **facts), now=NOW)
    return Operation.objects.get(payment=payment, number=number)


def authorized(*, token: str = CARD) -> Payment:
    """A payment whose first operation, the authorization, has SUCCEEDED."""
    made = operation(token=token)
    services.record_answer(made, Approved(reference="ref_auth"), now=NOW)
    return Payment.objects.get(pk=made.payment_id)


def captured(amount: int = AMOUNT) -> Payment:
    """A payment of which so much was captured, under number 2."""
    paid = authorized()
    capture = asked("CAPTURE", paid, amount=amount)
    services.record_answer(capture, Approved(reference="ref_capture"), now=NOW)
    return Payment.objects.get(pk=paid.pk)


def operation(*, token: str = CARD, due_at: datetime = NOW, **facts: Any) -> Operation:
    """An operation REQUESTED of a new payment."""
    event = requested(token=token, **facts)
    services.request_authorization(event, now=NOW)
    Operation.objects.filter(payment=event.reservation_id).update(next_attempt_at=due_at)
    return Operation.objects.select_related("payment").get(payment=event.reservation_id)


def operations(count: int) -> list[Operation]:
    """So many, each of a payment of its own."""
    return [operation() for _ in range(count)]


def in_status(status: Operation.Status) -> Operation:
    """An operation that is at a status already."""
    made = operation()
    Operation.objects.filter(pk=made.pk).update(status=status)
    made.status = status
    return made


def payment(*, customer_id: str = CUSTOMER) -> Payment:
    """A payment with one operation REQUESTED."""
    return operation(customer_id=customer_id).payment


def authorization(key: str = "r:1", *, token: str = CARD) -> Authorization:
    """What a processor is asked."""
    return Authorization(idempotency_key=key, token=token, amount=AMOUNT, currency="EUR")
