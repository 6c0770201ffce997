"""Events that payment publishes."""

from typing import ClassVar
from uuid import UUID

from contracts.base import Event
from contracts.values import Currency, OperationNumber, PaymentAmount, Reason

TOPIC = "payment.events"


class PaymentEvent(Event, frozen=True, kw_only=True):
    """The definite answer to one numbered operation that a saga of booking asked for."""

    topic: ClassVar[str] = TOPIC
    source: ClassVar[str] = "payment"
    handled_by: ClassVar[tuple[str, ...]] = ("booking",)

    saga_id: UUID
    operation_number: OperationNumber


class FollowUpEvent(PaymentEvent, frozen=True, kw_only=True):
    """An answer about the authorization that was asked for under `authorization_number`."""

    authorization_number: OperationNumber


class PaymentAuthorized(PaymentEvent, frozen=True, kw_only=True):
    """The processor has reserved the amount on the card.

    Booking confirms the reservation, or has the authorization voided when it has ended meanwhile.
    """

    type: ClassVar[str] = "payment.PaymentAuthorized.v1"

    amount: PaymentAmount
    currency: Currency


class PaymentDeclined(PaymentEvent, frozen=True, kw_only=True):
    """The processor has said no, for good.

    Booking rejects the reservation, or the change that was to be paid.
    """

    type: ClassVar[str] = "payment.PaymentDeclined.v1"

    reason: Reason


class PaymentCaptured(FollowUpEvent, frozen=True, kw_only=True):
    """The amount is charged. Booking issues the tickets, or swaps the seats of a change."""

    type: ClassVar[str] = "payment.PaymentCaptured.v1"

    amount: PaymentAmount
    currency: Currency


class PaymentCaptureFailed(FollowUpEvent, frozen=True, kw_only=True):
    """The amount cannot be charged, for good. Booking cancels the reservation or the change."""

    type: ClassVar[str] = "payment.PaymentCaptureFailed.v1"

    reason: Reason


class PaymentVoided(FollowUpEvent, frozen=True, kw_only=True):
    """Nothing is reserved under the authorization, and nothing will be.

    Booking's compensation is complete.
    """

    type: ClassVar[str] = "payment.PaymentVoided.v1"


class PaymentVoidFailed(FollowUpEvent, frozen=True, kw_only=True):
    """The authorization cannot be given up, for good, such as when it was captured before.

    Booking asks for a refund, or for an operator.
    """

    type: ClassVar[str] = "payment.PaymentVoidFailed.v1"

    reason: Reason


class PaymentRefunded(FollowUpEvent, frozen=True, kw_only=True):
    """The amount is given back. Booking's compensation, or its change, is complete."""

    type: ClassVar[str] = "payment.PaymentRefunded.v1"

    amount: PaymentAmount
    currency: Currency


class PaymentRefundFailed(FollowUpEvent, frozen=True, kw_only=True):
    """The amount cannot be given back, for good. Booking asks for an operator."""

    type: ClassVar[str] = "payment.PaymentRefundFailed.v1"

    reason: Reason
