"""What the changing saga does: the new seats and the old, all or nothing, and the events that say
so."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from rest_framework.exceptions import APIException

from booking import selectors
from booking.models import Departure, ReservationPassenger, Saga, Seat
from booking.steps.requests import authorization
from booking.steps.signals import Cancel, Change
from booking.steps.telling import note, seats_of
from contracts.booking import (
    BookingEvent,
    ReservationChanged,
    ReservationChangeRejected,
)
from contracts.payment import PaymentCaptureFailed, PaymentDeclined
from contracts.values import BookingClass, Cabin, Price, Reason, SeatNumber, Settlement


class AcceptedChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a change is to come to, as its saga keeps it.

    Args:
        seats: everybody's on the wanted departure, by passenger id.
    """

    cabin: Cabin
    booking_class: BookingClass
    price: Price
    settlement: Settlement
    seats: Mapping[int, SeatNumber]


def accepted(saga: Saga) -> AcceptedChange:
    """What its change is to come to."""
    return msgspec.convert(saga.agreed_change, AcceptedChange, strict=False)


def costs_nothing_more(saga: Saga, now: datetime) -> bool:
    """Nothing is to be paid for the change."""
    return saga.amount == 0


def still_sells(saga: Saga, now: datetime) -> bool:
    """The wanted departure is still open."""
    return _refusal(saga, now) is None


def _refusal(saga: Saga, now: datetime) -> APIException | None:
    try:
        selectors.must_sell(saga.wanted, now)
    except APIException as refusal:
        return refusal
    return None


def authorize_difference(saga: Saga, signal: Change) -> list[BookingEvent]:
    """Ask for what the change costs on the customer's card; nothing is not asked for."""
    if not saga.amount:
        return []
    return [authorization(saga, signal.payment_token or "", saga.reservation.currency)]


# What the saga keeps of signals


def recorded(saga: Saga, signal: Cancel) -> None:
    """The reservation is to be canceled once the change has ended. Whose departure is canceled gets
    everything back, whatever was agreed on before or is agreed on later."""
    if saga.canceled_by != "departure_canceled":
        saga.canceled_by = signal.code
        saga.cancel_settlement = signal.settlement and msgspec.to_builtins(signal.settlement)


def kept_for_good(saga: Saga, signal: object) -> None:
    """What the changed reservation costs is kept."""
    saga.kept_amount = saga.captured_amount or accepted(saga).price.total


# What it does


def swap(saga: Saga, signal: object, now: datetime) -> list[BookingEvent]:
    """The new seats are sold and the old ones freed, and the reservation is another departure's."""
    reservation, change = saga.reservation, accepted(saga)
    old, before = reservation.departure, list(reservation.passengers.order_by("id"))
    previous = reservation.summary(before)
    after = _moved(before, saga, change)
    _store(saga, change, after, now)
    _exchange_seats(saga, before, after, old)
    told = f"{previous.itinerary.departure_date} {seats_of(before)} given for {_wanted(saga)}"
    note(reservation, "changed", told, now=now)
    return [
        ReservationChanged(
            reservation_id=reservation.pk,
            reservation=reservation.summary(after),
            previous_itinerary=previous.itinerary,
            previous_passengers=previous.passengers,
            price=reservation.price(),
            settlement=change.settlement,
        )
    ]


def _moved(
    before: list[ReservationPassenger], saga: Saga, change: AcceptedChange
) -> list[ReservationPassenger]:
    """The passengers on their new seats, as old as they are that day; their tickets stay valid."""
    day = saga.wanted.date
    return [passenger.on(change.seats[passenger.passenger_id], day=day) for passenger in before]


def _store(
    saga: Saga, change: AcceptedChange, after: list[ReservationPassenger], now: datetime
) -> None:
    """The rows of passengers are made anew: no order of UPDATEs lets two of them swap seats that
    must differ at any time."""
    reservation, wanted = saga.reservation, saga.wanted
    reservation.change(
        now=now,
        departure_id=wanted.pk,
        flight_number=wanted.flight.number,
        seat_number=after[0].seat_number,
        cabin=change.cabin,
        booking_class=change.booking_class,
        amount=change.price.total,
        quoted_price=msgspec.to_builtins(change.price),
    )
    reservation.departure = wanted
    reservation.passengers.all().delete()
    reservation.party = ReservationPassenger.objects.bulk_create(after)


def _exchange_seats(
    saga: Saga,
    before: list[ReservationPassenger],
    after: list[ReservationPassenger],
    old: Departure,
) -> None:
    owner, wanted = saga.reservation_id, saga.wanted
    Seat.sell_held(owner, _numbers(after), departure=wanted)
    Seat.release(owner, _numbers(before), departure=old, status=Seat.Status.SOLD)


def reject_declined(saga: Saga, event: PaymentDeclined, now: datetime) -> list[BookingEvent]:
    """The card is declined: free the new seats, and say so; the reservation is as it was."""
    return _reject(saga, event.reason, now)


def reject_uncharged(saga: Saga, event: PaymentCaptureFailed, now: datetime) -> list[BookingEvent]:
    """The card cannot be charged: free the new seats, and say so; the reservation is as it was."""
    text = event.reason.text or event.reason.code
    return _reject(saga, Reason(code="capture_refused", text=text), now)


def reject_late(saga: Saga, signal: object, now: datetime) -> list[BookingEvent]:
    """The card is not authorized in time: free the new seats, and say so; the reservation is as it
    was."""
    return _reject(saga, Reason(code="payment_timed_out"), now)


def reject_gone(saga: Saga, signal: object, now: datetime) -> list[BookingEvent]:
    """The new departure does not sell any more: free its seats, and say so; the reservation is as
    it was."""
    refusal = _refusal(saga, now)
    code = str(getattr(refusal, "default_code", "")).replace("-", "_")
    return _reject(saga, Reason(code=code, text=str(getattr(refusal, "detail", ""))), now)


def give_way(saga: Saga, signal: Cancel, now: datetime) -> list[BookingEvent]:
    """The reservation is to be canceled: free the new seats, and say so; the cancelation follows
    when the change has ended."""
    return _reject(saga, Reason(code="reservation_canceled", text=signal.code), now)


def _reject(saga: Saga, reason: Reason, now: datetime) -> list[BookingEvent]:
    reservation, wanted, change = saga.reservation, saga.wanted, accepted(saga)
    # Before its seats, as everybody does who changes what a reservation has.
    reservation.change(now=now)
    Seat.release(reservation.pk, change.seats.values(), departure=wanted, status=Seat.Status.HELD)
    party = list(reservation.passengers.order_by("id"))
    reservation.party = party
    why = ": ".join(filter(None, (reason.code, reason.text)))
    note(reservation, "change rejected", f"{why}: {_wanted(saga)} free again", now=now)
    return [
        ReservationChangeRejected(
            reservation_id=reservation.pk,
            reservation=reservation.summary(party),
            wanted=wanted.itinerary(change.cabin),
            reason=reason,
        )
    ]


def _wanted(saga: Saga) -> str:
    """The wanted departure and its seats, for people to read."""
    numbers = list(accepted(saga).seats.values())
    seats = f"seat{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}"
    return f"{saga.wanted.date} {seats}"


def _numbers(party: list[ReservationPassenger]) -> list[str]:
    return [passenger.seat_number for passenger in party]
