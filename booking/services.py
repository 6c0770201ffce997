"""Use cases; each owns its transaction, and starts or signals a saga."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from uuid_utils.compat import uuid7

import outbox
from booking import saga, selectors
from booking.models import Reservation, ReservationPassenger, Saga, Seat
from contracts.booking import PaymentAuthorizeRequested, ReservationCreated
from contracts.payment import PaymentEvent
from outbox.transactions import LostRace, unit_of_work

FIRST_OPERATION: Final = 1


@unit_of_work
def create_reservation(
    *,
    customer_id: str,
    passenger_id: int,
    flight_number: int,
    seat_number: str,
    payment_token: str,
    now: datetime,
) -> Reservation:
    """Hold a seat on the next open departure on which it is free, and ask for its payment.

    The seat, the reservation, its saga and its events are written in one transaction.

    Args:
        customer_id: who books.
        passenger_id: who flies.
        flight_number: the flight, without its carrier's code.
        seat_number: the seat, such as "12A".
        payment_token: the card processor's token for the customer's card.
        now: the current time, UTC.

    Raises:
        UnknownFlight, UnknownSeat, SeatTaken: see `selectors.next_free_seat`.
    """
    reservation_id = uuid7()
    seat = _hold_next(reservation_id, flight_number, seat_number, now)
    flight = seat.departure.flight
    reservation = Reservation(
        id=reservation_id,
        customer_id=customer_id,
        passenger_id=passenger_id,
        flight_number=flight_number,
        seat_number=seat_number,
        cabin=seat.cabin,
        departure=seat.departure,
        amount=flight.list_price(seat.cabin),
        currency=flight.currency,
        hold_expires_at=now + timedelta(minutes=settings.HOLD_MINUTES),
        created_at=now,
        updated_at=now,
    )
    passenger = ReservationPassenger(
        reservation=reservation, passenger_id=passenger_id, seat_number=seat_number
    )
    saga_id = uuid7()
    outbox.append(
        reservation,
        _created(reservation, passenger),
        _authorize(reservation, saga_id, payment_token),
    )
    reservation.insert()
    passenger.save(force_insert=True)
    saga.start(Saga.Kind.BUYING, reservation, saga_id=saga_id, now=now)
    saga.note(reservation, "created", f"seat {seat_number} held, payment asked for", now=now)
    return reservation


def _hold_next(reservation_id: UUID, flight_number: int, seat_number: str, now: datetime) -> Seat:
    """Hold the seat on the first departure that still has it when the UPDATE comes.

    Every lost race moves on by one departure, so this ends: with a seat or with `SeatTaken`.
    """
    while True:
        seat = selectors.next_free_seat(
            flight_number=flight_number, seat_number=seat_number, now=now
        )
        try:
            seat.hold(reservation_id)
        except LostRace:
            continue
        return seat


def _created(reservation: Reservation, passenger: ReservationPassenger) -> ReservationCreated:
    return ReservationCreated(
        reservation_id=reservation.pk,
        reservation=reservation.summary([passenger]),
        price=reservation.price(),
        hold_expires_at=reservation.hold_expires_at,
    )


def _authorize(
    reservation: Reservation, saga_id: UUID, payment_token: str
) -> PaymentAuthorizeRequested:
    return PaymentAuthorizeRequested(
        reservation_id=reservation.pk,
        saga_id=saga_id,
        operation_number=FIRST_OPERATION,
        amount=reservation.amount,
        currency=reservation.currency,
        payment_token=payment_token,
    )


@unit_of_work
def signal_saga(event: PaymentEvent, *, now: datetime) -> None:
    """Let the live saga of the event's reservation react to it.

    Raises:
        Saga.DoesNotExist: the reservation has no live saga.
        UnexpectedEvent: see `saga.advance`.
    """
    saga.advance(selectors.live_saga(event.reservation_id), event, now=now)
