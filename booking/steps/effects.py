"""What a saga's reactions do to the reservation and its seats, and the events that say so."""

from datetime import datetime

from django.conf import settings

from booking.models import Reservation, ReservationPassenger, Saga, Seat
from booking.steps.signals import Cancel, Complete, TimeOut
from booking.steps.step import Effect
from booking.steps.telling import note, seats_of
from contracts.booking import (
    BookingEvent,
    ReservationCanceled,
    ReservationConfirmed,
    ReservationExpired,
    ReservationRejected,
    TicketsIssued,
)
from contracts.fare import FareQuoted, FareRefused
from contracts.money import money
from contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentRefunded,
)
from contracts.values import Reason, Settlement, Ticket


def take_price(saga: Saga, event: FareQuoted, now: datetime) -> list[BookingEvent]:
    """The fare is quoted: the reservation has its price and booking class."""
    reservation, price = saga.reservation, event.price
    reservation.change(now=now, **reservation.priced(price, event.booking_class))
    told = f"{price.fare_basis}: {money(price.total, price.currency)}, payment asked for"
    note(reservation, "quoted", told, now=now)
    return []


def refuse(saga: Saga, event: FareRefused, now: datetime) -> list[BookingEvent]:
    """No fare applies: free the seats, and say so and by which rule."""
    told = f"no fare: {event.reason.text or event.reason.code}"
    return _reject(saga.reservation, event.reason, told, now)


def confirm(saga: Saga, event: PaymentAuthorized, now: datetime) -> list[BookingEvent]:
    """The card is authorized: sell the seats and say so."""
    reservation = saga.reservation
    reservation.move_to(Reservation.Status.CONFIRMED, now=now)
    party = _party(reservation)
    Seat.sell_held(reservation.pk, _numbers(party), departure=reservation.departure)
    note(reservation, "confirmed", f"card authorized, {seats_of(party)} sold", now=now)
    return [
        ReservationConfirmed(
            reservation_id=reservation.pk,
            reservation=reservation.summary(party),
            price=reservation.price(),
        )
    ]


def reject(saga: Saga, event: PaymentDeclined, now: datetime) -> list[BookingEvent]:
    """The card is declined: free the seats and say so."""
    return _reject(saga.reservation, event.reason, f"card declined: {event.reason.code}", now)


def _reject(
    reservation: Reservation, reason: Reason, told: str, now: datetime
) -> list[BookingEvent]:
    party = _end(reservation, Reservation.Status.REJECTED, now)
    note(reservation, "rejected", told, now=now)
    return [
        ReservationRejected(
            reservation_id=reservation.pk,
            reservation=reservation.summary(party),
            reason=reason,
        )
    ]


def expire(saga: Saga, signal: TimeOut, now: datetime) -> list[BookingEvent]:
    """The hold has run out: free the seats and say so."""
    reservation = saga.reservation
    party = _end(reservation, Reservation.Status.EXPIRED, now)
    note(reservation, "expired", f"{seats_of(party)} free again", now=now)
    return [
        ReservationExpired(
            reservation_id=reservation.pk,
            reservation=reservation.summary(party),
            hold_expires_at=reservation.hold_expires_at,
        )
    ]


def cancel(saga: Saga, signal: Cancel, now: datetime) -> list[BookingEvent]:
    """The reservation is given up: free the seats, and say so and what goes back: what was quoted,
    else all of it."""
    reservation = saga.reservation
    everything = Settlement(currency=reservation.currency, charged=0, refunded=reservation.amount)
    settlement = signal.settlement or everything
    return _cancel(reservation, Reason(code=signal.code), settlement, now)


def cancel_uncharged(saga: Saga, event: PaymentCaptureFailed, now: datetime) -> list[BookingEvent]:
    """The card cannot be charged: free the seats, and say so and that nothing is to go back."""
    reason = Reason(code="capture_refused", text=event.reason.text or event.reason.code)
    nothing = Settlement(currency=saga.reservation.currency, charged=0, refunded=0)
    return _cancel(saga.reservation, reason, nothing, now)


def _cancel(
    reservation: Reservation, reason: Reason, settlement: Settlement, now: datetime
) -> list[BookingEvent]:
    """Only what was confirmed is settled."""
    was_confirmed = reservation.status == Reservation.Status.CONFIRMED
    party = _end(reservation, Reservation.Status.CANCELED, now)
    why = ": ".join(filter(None, (reason.code, reason.text)))
    charged = money(settlement.charged, settlement.currency)
    kept = f", {charged} kept" if settlement.charged else ""
    note(reservation, "canceled", f"{why}: {seats_of(party)} free again{kept}", now=now)
    return [
        ReservationCanceled(
            reservation_id=reservation.pk,
            reservation=reservation.summary(party),
            reason=reason,
            settlement=settlement if was_confirmed else None,
        )
    ]


def issue_tickets(
    saga: Saga, event: PaymentCaptured | Complete, now: datetime
) -> list[BookingEvent]:
    """Give every passenger a ticket number, and say so."""
    reservation = saga.reservation
    reservation.change(now=now)
    party = _party(reservation)
    code = settings.TICKET_AIRLINE_CODE
    tickets = tuple(passenger.issue_ticket(code) for passenger in party)
    for passenger in party:
        passenger.store_ticket()
    note(reservation, "ticketed", f"paid, {_listed(tickets)} issued", now=now)
    return [
        TicketsIssued(
            reservation_id=reservation.pk,
            reservation=reservation.summary(party),
            tickets=tickets,
            price=reservation.price(),
        )
    ]


def refunded(saga: Saga, event: PaymentRefunded, now: datetime) -> list[BookingEvent]:
    """Only the timeline changes: refunded."""
    told = f"{money(event.amount, event.currency)} go back to the card"
    note(saga.reservation, "refunded", told, now=now)
    return []


def tell(entry: str, detail: str) -> Effect:
    """An effect that changes nothing but the timeline. `{saga.…}` and `{signal.…}` in the detail
    are filled in."""

    def told(saga: Saga, signal: object, now: datetime) -> list[BookingEvent]:
        note(saga.reservation, entry, detail.format(saga=saga, signal=signal), now=now)
        return []

    told.__doc__ = f"Only the timeline changes: {entry}."
    return told


def _end(
    reservation: Reservation, status: Reservation.Status, now: datetime
) -> list[ReservationPassenger]:
    """Free the seats in the transaction that makes the reservation final."""
    had = reservation.seat_status()
    reservation.move_to(status, now=now)
    party = _party(reservation)
    Seat.release(reservation.pk, _numbers(party), departure=reservation.departure, status=had)
    return party


def _party(reservation: Reservation) -> list[ReservationPassenger]:
    """The passengers, which the reservation keeps for who shows it. Who changes them raises its
    version: if they were read with it, and are not its any more, the saga does not get this far."""
    if not hasattr(reservation, "party"):
        reservation.party = ReservationPassenger.of(reservation.pk)
    return reservation.party


def _numbers(party: list[ReservationPassenger]) -> list[str]:
    return [passenger.seat_number for passenger in party]


def _listed(tickets: tuple[Ticket, ...]) -> str:
    return f"ticket{'s' if len(tickets) > 1 else ''} {', '.join(t.number for t in tickets)}"
