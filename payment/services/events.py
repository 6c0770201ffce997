"""What booking is told about an operation that has its answer."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVoided,
    PaymentVoidFailed,
)
from contracts.values import Reason
from payment.models import Operation

Kind = Operation.Kind

YES: Final[Mapping[str, Callable[..., PaymentEvent]]] = MappingProxyType(
    {
        Kind.AUTHORIZE: PaymentAuthorized,
        Kind.CAPTURE: PaymentCaptured,
        Kind.VOID: PaymentVoided,
        Kind.REFUND: PaymentRefunded,
    }
)
NO: Final[Mapping[str, Callable[..., PaymentEvent]]] = MappingProxyType(
    {
        Kind.AUTHORIZE: PaymentDeclined,
        Kind.CAPTURE: PaymentCaptureFailed,
        Kind.VOID: PaymentVoidFailed,
        Kind.REFUND: PaymentRefundFailed,
    }
)


def answer_of(operation: Operation) -> PaymentEvent:
    """The event for an operation that has succeeded or failed."""
    facts: dict[str, Any] = {
        "reservation_id": operation.payment_id,
        "saga_id": operation.saga_id,
        "operation_number": operation.number,
    }
    if operation.kind != Kind.AUTHORIZE:
        facts["authorization_number"] = operation.authorization_number
    if operation.status == Operation.Status.FAILED:
        return NO[operation.kind](**facts, reason=Reason(code=operation.reason))
    if operation.kind != Kind.VOID:
        facts |= {"amount": operation.amount, "currency": operation.currency}
    return YES[operation.kind](**facts)
