"""The orchestrator: the small engine that runs the sagas' tables.

It changes the saga's row, the reservation, its seats and the outbox in one transaction, the
caller's, and always in this order: whoever has changed the reservation's row knows that nobody is
just giving its passengers other seats.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import outbox
from booking.models import Reservation, Saga
from booking.saga import PATIENCE, SAGAS
from booking.steps.signals import Signal, TimeOut
from booking.steps.step import Reaction, Step
from booking.steps.telling import LATE, note
from contracts.base import Event
from contracts.booking import BookingEvent
from contracts.payment import (
    FollowUpEvent,
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

# Which of a saga's operations is answered.
ANSWERED: Final[Mapping[type[PaymentEvent], str]] = MappingProxyType(
    {
        PaymentAuthorized: "authorization_number",
        PaymentDeclined: "authorization_number",
        PaymentCaptured: "capture_number",
        PaymentCaptureFailed: "capture_number",
        PaymentVoided: "void_number",
        PaymentVoidFailed: "void_number",
        PaymentRefunded: "refund_number",
        PaymentRefundFailed: "refund_number",
    }
)


class UnexpectedEvent(Exception):
    """A saga got an event that its step does not wait for, or that answers what it did not ask."""


def buying(reservation: Reservation, *, now: datetime) -> Saga:
    """A buying saga at its first step, not saved; it lasts as long as the hold."""
    return _new(Saga.Kind.BUYING, reservation, now, deadline_at=reservation.hold_expires_at)


def canceling(reservation: Reservation, bought: Saga, *, now: datetime) -> Saga:
    """A canceling saga at its first step, not saved: what the buying one had charged is its to give
    back."""
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
        entered_at=now,
        updated_at=now,
        **facts,
    )


def waits_for(saga: Saga, signal: type) -> bool:
    """Whether the saga's step reacts to such a signal."""
    return signal in _step(saga).awaits


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
    if isinstance(signal, PaymentEvent):
        _must_be_its_own(saga, signal)
    step = _step(saga)
    reaction = step.awaits.get(type(signal))
    if _is_late(saga, signal, step, reaction):
        return _note_late(saga, signal, now)
    if reaction is None:
        raise UnexpectedEvent(f"{saga.kind} saga at {saga.step} does not wait for {_named(signal)}")
    if isinstance(signal, TimeOut) and step.patience and saga.attempts >= step.patience.attempts:
        return _give_up_asking(saga, now)
    return _follow(saga, reaction, signal, now)


def _follow(saga: Saga, reaction: Reaction, signal: Signal, now: datetime) -> list[BookingEvent]:
    """Go the reaction's way, past steps where nothing is waited for, to where the saga waits."""
    way = _way(saga, reaction)
    reservation = saga.reservation
    version, operations = reservation.version, reservation.payment_operations
    asked = [event for part in way if part.asks for event in part.asks(saga, signal)]
    _move(saga, way[-1], signal, now)
    said = [event for part in way if part.effect for event in part.effect(saga, signal, now)]
    if reservation.payment_operations != operations and reservation.version == version:
        reservation.change(now=now)  # the numbers given must not be given again
    return [*said, *asked]


def _way(saga: Saga, reaction: Reaction) -> list[Reaction]:
    way, steps = [reaction], SAGAS[saga.kind]
    while following := steps[way[-1].then].at_once:
        way.append(following)
    return way


def _move(saga: Saga, reaction: Reaction, signal: Signal, now: datetime) -> None:
    step = SAGAS[saga.kind][reaction.then]
    stays = step.name == saga.step
    attempts = saga.attempts + 1 if stays and isinstance(signal, TimeOut) else 1
    saga.change(
        now=now,
        step=step.name,
        live=None if step.ends else saga.reservation_id,
        attempts=attempts,
        stuck_at=now if reaction.stuck else None,
        last_error=_error(signal),
        entered_at=saga.entered_at if stays else now,
        **_deadline(step, reaction, attempts),
    )


def _deadline(step: Step, reaction: Reaction, attempts: int) -> dict[str, Any]:
    """When the step has waited long enough, on the database's clock; a hold's end stays."""
    if step.ends or reaction.stuck:
        return {"deadline_at": None}
    if step.patience is None:
        return {}
    return {"wait": step.patience.pause(attempts)}


def _give_up_asking(saga: Saga, now: datetime) -> list[BookingEvent]:
    """Nothing is asked any more, and an operator has to look; the step still waits."""
    error = f"no answer after {saga.attempts} attempts"
    saga.change(now=now, deadline_at=None, stuck_at=now, last_error=error)
    note(saga.reservation, "delayed", "payment does not answer: we are looking into it", now=now)
    return []


def postpone(saga: Saga, error: str, *, now: datetime) -> None:
    """A deadline's reaction has failed: try again later, ever later, visibly.

    Raises:
        LostRace: the saga has moved since it was read.
    """
    patience = _step(saga).patience or PATIENCE
    attempts = saga.attempts + 1
    saga.change(
        now=now,
        attempts=attempts,
        wait=patience.pause(attempts),
        stuck_at=saga.stuck_at or now,
        last_error=error[:300],
    )


def _must_be_its_own(saga: Saga, event: PaymentEvent) -> None:
    """Refuse an answer to anything but what this saga has asked for.

    Raises:
        UnexpectedEvent: it is about another operation, authorization or amount.
    """
    asked = {getattr(saga, ANSWERED[type(event)])}
    if isinstance(event, PaymentRefundFailed):
        asked.add(saga.refused_number)
    of = event.authorization_number if isinstance(event, FollowUpEvent) else None
    if event.operation_number not in asked or of not in (None, saga.authorization_number):
        wanted = " or ".join(str(number) for number in asked if number) or "nothing like it"
        raise UnexpectedEvent(
            f"{_named(event)} answers operation {event.operation_number} about {of}, the "
            f"{saga.kind} saga at {saga.step} asked for {wanted} about {saga.authorization_number}"
        )
    _must_be_the_amount(saga.reservation, event)


def _must_be_the_amount(reservation: Reservation, event: PaymentEvent) -> None:
    if not isinstance(event, PaymentAuthorized | PaymentCaptured | PaymentRefunded):
        return
    asked, answered = (reservation.amount, reservation.currency), (event.amount, event.currency)
    if answered != asked:
        raise UnexpectedEvent(f"{_named(event)} says {answered}, {asked} was asked for")


def _is_late(saga: Saga, signal: Signal, step: Step, reaction: Reaction | None) -> bool:
    """Whether an answer changes nothing any more: it is about a refund that was tried again since,
    what it would do has been done, or the step only notes it."""
    if isinstance(signal, PaymentRefundFailed) and signal.operation_number != saga.refund_number:
        return True
    if reaction is None:
        return type(signal) in step.notes
    return any(getattr(saga, name) is not None for name in reaction.once)


def _note_late(saga: Saga, signal: Signal, now: datetime) -> list[BookingEvent]:
    """An answer that changes nothing any more: what was asked since holds, whatever it says."""
    note(saga.reservation, "late answer", f"{LATE[type(signal)]}: it changes nothing", now=now)
    return []


def _error(signal: Signal) -> str:
    if isinstance(signal, TimeOut):
        return "no answer yet"
    reason = getattr(signal, "reason", None)
    return ": ".join(filter(None, (reason.code, reason.text)))[:300] if reason else ""


def _named(signal: Signal) -> str:
    return signal.type if isinstance(signal, Event) else type(signal).__name__


def _step(saga: Saga) -> Step:
    return SAGAS[saga.kind][saga.step]
