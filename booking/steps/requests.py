"""What a saga asks of fare and of payment.

Each operation of payment has a number of its own, given when it is first asked for. Asked for again
it has the same number, and is the same operation: payment does it once and answers what it
answered.
"""

from collections.abc import Iterator
from datetime import datetime

from booking import selectors
from booking.models import Reservation, Saga
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
    reservation = saga.reservation
    amount, currency = reservation.amount, reservation.currency
    token = saga.payment_token
    if isinstance(signal, FareQuoted):
        amount, currency = signal.price.total, signal.price.currency
    else:
        token = signal.payment_token
    return [
        PaymentAuthorizeRequested(
            reservation_id=reservation.pk,
            saga_id=saga.pk,
            operation_number=_number(saga, "authorization_number"),
            amount=amount,
            currency=currency,
            payment_token=token,
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
