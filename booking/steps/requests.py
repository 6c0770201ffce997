"""What a saga asks of payment.

Each operation has a number of its own, given when it is first asked for. Asked for again it has the
same number, and is the same operation: payment does it once and answers what it answered.
"""

from booking.models import Saga
from booking.steps.signals import Pay, Signal
from contracts.booking import (
    BookingEvent,
    FollowUpRequested,
    PaymentAuthorizeRequested,
    PaymentCaptureRequested,
    PaymentRefundRequested,
    PaymentVoidRequested,
)
from contracts.payment import PaymentRefundFailed


def authorize(saga: Saga, signal: Pay) -> list[BookingEvent]:
    """Ask for the reservation's amount on the customer's card."""
    reservation = saga.reservation
    return [
        PaymentAuthorizeRequested(
            reservation_id=reservation.pk,
            saga_id=saga.pk,
            operation_number=_number(saga, "authorization_number"),
            amount=reservation.amount,
            currency=reservation.currency,
            payment_token=signal.payment_token,
            customer_id=reservation.customer_id,
        )
    ]


def capture(saga: Saga, signal: Signal) -> list[BookingEvent]:
    """Ask for what is authorized to be charged."""
    return [_follow_up(PaymentCaptureRequested, saga, "capture_number")]


def void(saga: Saga, signal: Signal) -> list[BookingEvent]:
    """Ask for the authorization to be given up, whatever has become of it."""
    return [_follow_up(PaymentVoidRequested, saga, "void_number")]


def refund(saga: Saga, signal: Signal) -> list[BookingEvent]:
    """Ask for what is charged to be given back."""
    return [_follow_up(PaymentRefundRequested, saga, "refund_number")]


def nothing_more(saga: Saga, event: PaymentRefundFailed) -> list[BookingEvent]:
    """Nothing is asked for: a refund that got a definite no is tried again as another operation."""
    saga.refused_number = event.operation_number
    return []


def _follow_up(request: type[FollowUpRequested], saga: Saga, number: str) -> FollowUpRequested:
    reservation = saga.reservation
    return request(
        reservation_id=reservation.pk,
        saga_id=saga.pk,
        operation_number=_number(saga, number),
        authorization_number=saga.authorization_number or 0,  # its contract refuses 0
        amount=reservation.amount,
        currency=reservation.currency,
    )


def _number(saga: Saga, name: str) -> int:
    """The operation's number: the one it has, or the next of the reservation."""
    number: int | None = getattr(saga, name)
    if number is None or number == saga.refused_number:
        number = saga.reservation.number_payment_operation()
        setattr(saga, name, number)
    return number
