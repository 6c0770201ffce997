"""What a saga asks of fare and of payment.

Each operation of payment has a number of its own, given when it is first asked for. Asked for again
it has the same number, and is the same operation: payment does it once and answers what it
answered.
"""

from collections.abc import Iterator
from datetime import datetime

from booking import selectors
from booking.models import Reservation, Saga
from booking.steps.charges import due_back
from booking.steps.signals import Pay, PayOffered, Signal
from contracts.booking import (
    BookingEvent,
    FareQuoteRequested,
    FollowUpRequested,
    PaymentAuthorizeRequested,
    PaymentCaptureRequested,
    PaymentRefundRequested,
    PaymentVoidRequested,
)
from contracts.fare import FareQuoted
from contracts.payment import PaymentRefundFailed
from contracts.values import Passenger


def quote(saga: Saga, signal: Pay) -> list[BookingEvent]:
    """Ask fare for the price. The card is asked when it is known, and its token kept until then."""
    reservation = saga.reservation
    departure, cabin = reservation.departure, reservation.cabin
    saga.payment_token = signal.payment_token
    sold = signal.seats_sold
    if sold is None:
        sold = selectors.seats_sold(departure, cabin, besides=reservation.pk)
    return [
        FareQuoteRequested(
            reservation_id=reservation.pk,
            saga_id=saga.pk,
            asked_at=signal.at,
            itinerary=departure.itinerary(cabin, reservation.booking_class or None),
            passengers=tuple(_priced(reservation, signal.at)),
            seats_sold=sold,
        )
    ]


def _priced(reservation: Reservation, at: datetime) -> Iterator[Passenger]:
    """The passengers as fare prices them: with a seat where they chose it."""
    for passenger in reservation.party:
        seat = None
        if passenger.chose_seat:
            seat = selectors.seat_at(reservation.departure, passenger.seat_number, at)
        yield passenger.with_seat(seat)


def authorize(saga: Saga, signal: PayOffered | FareQuoted) -> list[BookingEvent]:
    """Ask for the reservation's price on the customer's card."""
    if isinstance(signal, FareQuoted):  # the reservation takes it in a moment
        saga.amount = signal.price.total
        return [authorization(saga, saga.payment_token, signal.price.currency)]
    saga.amount = saga.reservation.amount
    return [authorization(saga, signal.payment_token, saga.reservation.currency)]


def authorization(saga: Saga, payment_token: str, currency: str) -> PaymentAuthorizeRequested:
    """The request for the saga's amount on a card."""
    return PaymentAuthorizeRequested(
        reservation_id=saga.reservation_id,
        saga_id=saga.pk,
        operation_number=_number(saga, "authorization_number"),
        amount=saga.amount,
        currency=currency,
        payment_token=payment_token,
        customer_id=saga.reservation.customer_id,
    )


def capture(saga: Saga, signal: Signal) -> list[BookingEvent]:
    """Ask for what is authorized to be charged."""
    return [_follow_up(PaymentCaptureRequested, saga, "capture_number")]


def void(saga: Saga, signal: Signal) -> list[BookingEvent]:
    """Ask for the authorization to be given up, whatever has become of it."""
    return [_follow_up(PaymentVoidRequested, saga, "void_number")]


def refund(saga: Saga, signal: Signal) -> list[BookingEvent]:
    """Ask for what is due back, of the newest charge first, never more than is left of it. What is
    left then is the next operation's, when this one has its answer."""
    if _is_to_be_another_refund(saga):
        charge = due_back(saga)
        if charge is None:
            return []
        saga.authorization_number, saga.refund_amount = charge.authorization_number, charge.amount
        saga.refund_number = saga.reservation.number_payment_operation()
        saga.first_refund_number = saga.first_refund_number or saga.refund_number
    return [_follow_up(PaymentRefundRequested, saga, "refund_number", amount=saga.refund_amount)]


def _is_to_be_another_refund(saga: Saga) -> bool:
    """Whether the last one, if there was any, has its answer."""
    return saga.refund_number in (None, saga.refused_number, saga.returned_number)


def nothing_more(saga: Saga, event: PaymentRefundFailed) -> list[BookingEvent]:
    """Nothing is asked for: a refund that got a definite no is tried again as another operation."""
    saga.refused_number = event.operation_number
    return []


def _follow_up(
    request: type[FollowUpRequested], saga: Saga, number: str, *, amount: int | None = None
) -> FollowUpRequested:
    return request(
        reservation_id=saga.reservation_id,
        saga_id=saga.pk,
        operation_number=_number(saga, number),
        authorization_number=saga.authorization_number or 0,  # its contract refuses 0
        amount=saga.amount if amount is None else amount,
        currency=saga.reservation.currency,
    )


def _number(saga: Saga, name: str) -> int:
    """The operation's number: the one it has, or the next of the reservation."""
    number: int | None = getattr(saga, name)
    if number is None:
        number = saga.reservation.number_payment_operation()
        setattr(saga, name, number)
    return number
