"""The saga as data: its steps, what each waits for, and what follows; and the engine that runs it.

    HOLDING ──► AUTHORIZING ──► DONE          PaymentAuthorized: the seats are sold, CONFIRMED
       │             ├────────► COMPENSATED   PaymentDeclined: the seats are free, REJECTED
       ├─────────────┼────────► COMPENSATED   TimeOut: the seats are free, EXPIRED
       └─────────────┴────────► COMPENSATED   Cancel: the seats are free, CANCELED

    ACCEPTED ─────────────────► COMPENSATED   Cancel of what was CONFIRMED

The engine changes the saga's row, the reservation, its seats and the outbox in one transaction, the
caller's, and always in this order: whoever has changed the reservation's row knows that nobody is
just giving its passengers other seats. An authorization that was asked for is taken back in the
same transaction wherever the table says so, whatever has become of it: its answer, which may still
come, is only noted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import outbox
from booking.models import Reservation, ReservationPassenger, Saga, Seat, TimelineEntry
from booking.prepared import insert
from contracts.base import Event
from contracts.booking import (
    BookingEvent,
    PaymentAuthorizeRequested,
    PaymentVoidRequested,
    ReservationCanceled,
    ReservationConfirmed,
    ReservationExpired,
    ReservationRejected,
)
from contracts.payment import PaymentAuthorized, PaymentDeclined, PaymentEvent
from contracts.values import Reason, Settlement


@dataclass(frozen=True)
class Pay:
    """The customer pays for what was only held."""

    payment_token: str


@dataclass(frozen=True)
class Cancel:
    """The reservation is given up; the code says by whom or what."""

    code: str = "customer"


@dataclass(frozen=True)
class TimeOut:
    """The step has lasted longer than it may."""


Signal = PaymentEvent | Pay | Cancel | TimeOut
Effect = Callable[[Saga, Any, datetime], list[BookingEvent]]


class UnexpectedEvent(Exception):
    """A saga got an event that its step does not wait for."""


def pay(saga: Saga, signal: Pay, now: datetime) -> list[BookingEvent]:
    """Go on with what was only held: its payment is asked for."""
    saga.reservation.change(now=now)
    note(saga.reservation, "payment asked for", "", now=now)
    return []


def confirm(saga: Saga, event: PaymentAuthorized, now: datetime) -> list[BookingEvent]:
    """The card is authorized: sell the seats and say so."""
    reservation = saga.reservation
    asked, authorized = (reservation.amount, reservation.currency), (event.amount, event.currency)
    if authorized != asked:
        raise UnexpectedEvent(f"{authorized} is authorized, {asked} was asked for")
    reservation.move_to(Reservation.Status.CONFIRMED, now=now)
    party = _party(reservation)
    Seat.sell_held(reservation.pk, _numbers(party))
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
    reservation = saga.reservation
    party = _end(reservation, Reservation.Status.REJECTED, now)
    note(reservation, "rejected", f"card declined: {event.reason.code}", now=now)
    return [
        ReservationRejected(
            reservation_id=reservation.pk,
            reservation=reservation.summary(party),
            reason=event.reason,
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
    """The reservation is given up: free the seats and say so.

    What was confirmed is settled: as long as nothing is captured, nothing is charged.
    """
    reservation = saga.reservation
    was_confirmed = reservation.status == Reservation.Status.CONFIRMED
    party = _end(reservation, Reservation.Status.CANCELED, now)
    note(reservation, "canceled", f"{signal.code}: {seats_of(party)} free again", now=now)
    settlement = Settlement(currency=reservation.currency, charged=0, refunded=reservation.amount)
    return [
        ReservationCanceled(
            reservation_id=reservation.pk,
            reservation=reservation.summary(party),
            reason=Reason(code=signal.code),
            settlement=settlement if was_confirmed else None,
        )
    ]


def _end(
    reservation: Reservation, status: Reservation.Status, now: datetime
) -> list[ReservationPassenger]:
    """Free the seats in the transaction that makes the reservation final."""
    had = reservation.seat_status()
    reservation.move_to(status, now=now)
    party = _party(reservation)
    Seat.release(reservation.pk, _numbers(party), status=had)
    return party


def ask(saga: Saga, signal: Pay) -> list[BookingEvent]:
    """Ask for the reservation's payment, under a number by which the saga knows it."""
    reservation = saga.reservation
    saga.authorization_number = reservation.number_payment_operation()
    return [
        PaymentAuthorizeRequested(
            reservation_id=reservation.pk,
            saga_id=saga.pk,
            operation_number=saga.authorization_number,
            amount=reservation.amount,
            currency=reservation.currency,
            payment_token=signal.payment_token,
        )
    ]


def take_back(saga: Saga, signal: TimeOut | Cancel) -> list[BookingEvent]:
    """Ask for the authorization to be voided, if one was asked for."""
    reservation = saga.reservation
    if saga.authorization_number is None:
        return []
    saga.void_number = reservation.number_payment_operation()
    return [
        PaymentVoidRequested(
            reservation_id=reservation.pk,
            saga_id=saga.pk,
            operation_number=saga.void_number,
            authorization_number=saga.authorization_number,
            amount=reservation.amount,
            currency=reservation.currency,
        )
    ]


@dataclass(frozen=True)
class Reaction:
    """What an awaited signal does, and the step that follows.

    `asks`, what is asked of payment, comes before the effect: saga and reservation keep the
    numbers of its operations.
    """

    effect: Effect
    then: str
    asks: "Callable[[Saga, Any], list[BookingEvent]] | None" = None


@dataclass(frozen=True)
class Step:
    """A place where a saga waits; a step that awaits nothing is an end."""

    name: str
    awaits: Mapping[type, Reaction] = field(default_factory=dict)


GIVEN_UP: Final[Mapping[type, Reaction]] = MappingProxyType(
    {
        TimeOut: Reaction(expire, then="COMPENSATED", asks=take_back),
        Cancel: Reaction(cancel, then="COMPENSATED", asks=take_back),
    }
)
BUYING: Final = (
    Step(
        "HOLDING",
        awaits=MappingProxyType({Pay: Reaction(pay, then="AUTHORIZING", asks=ask), **GIVEN_UP}),
    ),
    Step(
        "AUTHORIZING",
        awaits=MappingProxyType(
            {
                PaymentAuthorized: Reaction(confirm, then="DONE"),
                PaymentDeclined: Reaction(reject, then="COMPENSATED"),
                **GIVEN_UP,
            }
        ),
    ),
    Step("DONE"),
    Step("COMPENSATED"),
)
CANCELING: Final = (
    Step(
        "ACCEPTED",
        awaits=MappingProxyType({Cancel: Reaction(cancel, then="COMPENSATED", asks=take_back)}),
    ),
    Step("COMPENSATED"),
)
SAGAS: Final[Mapping[str, Mapping[str, Step]]] = MappingProxyType(
    {
        Saga.Kind.BUYING: MappingProxyType({step.name: step for step in BUYING}),
        Saga.Kind.CANCELING: MappingProxyType({step.name: step for step in CANCELING}),
    }
)


def buying(reservation: Reservation, *, now: datetime) -> Saga:
    """A buying saga at its first step, not saved; it lasts as long as the hold."""
    return _new(Saga.Kind.BUYING, reservation, now, deadline_at=reservation.hold_expires_at)


def canceling(reservation: Reservation, bought: Saga, *, now: datetime) -> Saga:
    """A canceling saga at its first step, not saved: what the buying one had authorized is its to
    take back."""
    number = bought.authorization_number
    return _new(Saga.Kind.CANCELING, reservation, now, authorization_number=number)


def _new(kind: Saga.Kind, reservation: Reservation, now: datetime, **facts: Any) -> Saga:
    first = next(iter(SAGAS[kind]))
    return Saga(
        reservation=reservation,
        kind=kind,
        step=first,
        live=reservation.pk,
        started_at=now,
        updated_at=now,
        **facts,
    )


def advance(saga: Saga, signal: Signal, *, now: datetime) -> None:
    """Let a saga react to a signal, and append what follows to the outbox.

    Raises:
        UnexpectedEvent, LostRace: see `react`.
    """
    if events := react(saga, signal, now=now):
        outbox.append(saga.reservation, *events)


def react(saga: Saga, signal: Signal, *, now: datetime) -> list[BookingEvent]:
    """Let a saga react to a signal.

    Returns:
        The reservation's events, to be appended in the same transaction.

    Raises:
        UnexpectedEvent: the saga's step does not wait for such a signal, or it is not what was
            asked for.
        LostRace: the saga or its reservation has moved since it was read.
    """
    steps = SAGAS[saga.kind]
    reaction = steps[saga.step].awaits.get(type(signal))
    if reaction is None:
        return _note_late(saga, signal, now)
    asked = reaction.asks(saga, signal) if reaction.asks else []
    saga.move_to(reaction.then, ends=not steps[reaction.then].awaits, now=now)
    return [*reaction.effect(saga, signal, now), *asked]


def waits_for(saga: Saga, signal: type) -> bool:
    """Whether the saga's step reacts to such a signal."""
    return signal in SAGAS[saga.kind][saga.step].awaits


def _note_late(saga: Saga, signal: Signal, now: datetime) -> list[BookingEvent]:
    """An answer about an authorization that has been taken back changes nothing any more: the void
    holds, whatever the answer is."""
    if not _is_late(saga, signal):
        raise UnexpectedEvent(f"{saga.kind} saga at {saga.step} does not wait for {_named(signal)}")
    note(saga.reservation, "late answer", f"{_named(signal)} after the void was asked for", now=now)
    return []


def _is_late(saga: Saga, signal: Signal) -> bool:
    if saga.void_number is None or not isinstance(signal, PaymentAuthorized | PaymentDeclined):
        return False
    return signal.operation_number == saga.authorization_number


def _named(signal: Signal) -> str:
    return signal.type if isinstance(signal, Event) else type(signal).__name__


def note(reservation: Reservation, entry: str, detail: str, *, now: datetime) -> None:
    """Add to the reservation's timeline."""
    insert([TimelineEntry(reservation=reservation, at=now, entry=entry, detail=detail[:200])])


def seats_of(party: list[ReservationPassenger]) -> str:
    """The seats of some passengers, for people to read."""
    return f"seat{'s' if len(party) > 1 else ''} {', '.join(_numbers(party))}"


def _party(reservation: Reservation) -> list[ReservationPassenger]:
    """The passengers, which the reservation keeps for who shows it."""
    reservation.party = list(reservation.passengers.order_by("id"))
    return reservation.party


def _numbers(party: list[ReservationPassenger]) -> list[str]:
    return [passenger.seat_number for passenger in party]
