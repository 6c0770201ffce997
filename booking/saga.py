"""The saga as data: its steps, what each waits for, and what follows; and the engine that runs it.

    HOLDING ──► AUTHORIZING ──► DONE          PaymentAuthorized: the seat is sold, CONFIRMED
                     └────────► COMPENSATED   PaymentDeclined: the seat is free, REJECTED

The engine changes the saga's row, the reservation, its seats and the outbox in one transaction,
the caller's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import outbox
from booking.models import Reservation, ReservationPassenger, Saga, Seat, TimelineEntry
from contracts.base import Event
from contracts.booking import ReservationConfirmed, ReservationRejected
from contracts.payment import PaymentAuthorized, PaymentDeclined, PaymentEvent

Effect = Callable[[Reservation, Any, datetime], None]


class UnexpectedEvent(Exception):
    """A saga got an event that its step does not wait for."""


def confirm(reservation: Reservation, event: PaymentAuthorized, now: datetime) -> None:
    """The card is authorized: sell the seats and say so."""
    asked, authorized = (reservation.amount, reservation.currency), (event.amount, event.currency)
    if authorized != asked:
        raise UnexpectedEvent(f"{authorized} is authorized, {asked} was asked for")
    passengers = _passengers(reservation)
    Seat.sell_held(reservation.pk, _seat_numbers(passengers))
    reservation.move_to(Reservation.Status.CONFIRMED, now=now)
    outbox.append(
        reservation,
        ReservationConfirmed(
            reservation_id=reservation.pk,
            reservation=reservation.summary(passengers),
            price=reservation.price(),
        ),
    )
    note(reservation, "confirmed", f"card authorized, seat {reservation.seat_number} sold", now=now)


def reject(reservation: Reservation, event: PaymentDeclined, now: datetime) -> None:
    """The card is declined: free the seats and say so."""
    passengers = _passengers(reservation)
    Seat.release_held(reservation.pk, _seat_numbers(passengers))
    reservation.move_to(Reservation.Status.REJECTED, now=now)
    outbox.append(
        reservation,
        ReservationRejected(
            reservation_id=reservation.pk,
            reservation=reservation.summary(passengers),
            reason=event.reason,
        ),
    )
    note(reservation, "rejected", f"card declined: {event.reason.code}", now=now)


@dataclass(frozen=True)
class Reaction:
    """What an awaited event does, and the step that follows."""

    effect: Effect
    then: str


@dataclass(frozen=True)
class Step:
    """A place where a saga waits; a step that awaits nothing is an end."""

    name: str
    awaits: Mapping[type[Event], Reaction] = field(default_factory=dict)


BUYING: Final = (
    Step(
        "AUTHORIZING",
        awaits=MappingProxyType(
            {
                PaymentAuthorized: Reaction(confirm, then="DONE"),
                PaymentDeclined: Reaction(reject, then="COMPENSATED"),
            }
        ),
    ),
    Step("DONE"),
    Step("COMPENSATED"),
)
SAGAS: Final[Mapping[str, Mapping[str, Step]]] = MappingProxyType(
    {Saga.Kind.BUYING: MappingProxyType({step.name: step for step in BUYING})}
)


def start(kind: Saga.Kind, reservation: Reservation, *, saga_id: UUID, now: datetime) -> Saga:
    """Begin a saga at its first step, under the id by which its first requests know it."""
    first = next(iter(SAGAS[kind]))
    return Saga.objects.create(
        id=saga_id,
        reservation=reservation,
        kind=kind,
        step=first,
        live=reservation.pk,
        started_at=now,
        updated_at=now,
    )


def advance(saga: Saga, event: PaymentEvent, *, now: datetime) -> None:
    """Let a live saga react to an event.

    Raises:
        UnexpectedEvent: another saga asked for it, or this one's step does not wait for such an
            event, or it is not what was asked for.
        LostRace: the saga or its reservation has moved since it was read.
    """
    if event.saga_id != saga.pk:
        raise UnexpectedEvent(f"{event.type} answers saga {event.saga_id}, not {saga.pk}")
    steps = SAGAS[saga.kind]
    reaction = steps[saga.step].awaits.get(type(event))
    if reaction is None:
        raise UnexpectedEvent(f"{saga.kind} saga at {saga.step} does not wait for {event.type}")
    saga.move_to(reaction.then, ends=not steps[reaction.then].awaits, now=now)
    reaction.effect(saga.reservation, event, now)


def note(reservation: Reservation, entry: str, detail: str, *, now: datetime) -> None:
    """Add to the reservation's timeline."""
    TimelineEntry.objects.create(reservation=reservation, at=now, entry=entry, detail=detail[:200])


def _passengers(reservation: Reservation) -> list[ReservationPassenger]:
    return list(reservation.passengers.order_by("id"))


def _seat_numbers(passengers: Iterable[ReservationPassenger]) -> list[str]:
    return [passenger.seat_number for passenger in passengers]
