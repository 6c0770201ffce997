"""The orchestrator: the small engine that runs the sagas' tables.

It changes the saga's row, the reservation, its seats and the outbox in one transaction, the
caller's, and always in this order: whoever has changed the reservation's row knows that nobody is
just giving its passengers other seats.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

import outbox
from booking.models import Departure, Reservation, Saga
from booking.saga import PATIENCE, SAGAS
from booking.steps.changes import AcceptedChange
from booking.steps.signals import Cancel, Signal, TimeOut
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
from contracts.values import Settlement

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


def canceling(reservation: Reservation, *, now: datetime) -> Saga:
    """A canceling saga at its first step, not saved: what was charged before is its to give
    back."""
    return _new(Saga.Kind.CANCELING, reservation, now)


def changing(
    reservation: Reservation,
    wanted: Departure,
    change: AcceptedChange,
    *,
    now: datetime,
    **facts: Any,
) -> Saga:
    """A changing saga at its first step, not saved.

    Without a charge of its own it gives back nothing but what the changed reservation does not
    cost; until then nothing.
    """
    charged = change.settlement.charged
    return _new(
        Saga.Kind.CHANGING,
        reservation,
        now,
        wanted_departure=wanted,
        agreed_change=msgspec.to_builtins(change, str_keys=True),
        amount=charged,
        kept_amount=0 if charged else reservation.amount,
        **facts,
    )


def _new(kind: Saga.Kind, reservation: Reservation, now: datetime, **facts: Any) -> Saga:
    first = next(iter(SAGAS[kind]))
    return Saga.new(
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
    way = _way(saga, reaction, signal, now)
    reservation = saga.reservation
    version, operations = reservation.version, reservation.payment_operations
    asked = [event for part in way if part.asks for event in part.asks(saga, signal)]
    was_live = saga.live is not None
    _move(saga, way[-1], signal, now)
    said = [event for part in way if part.effect for event in part.effect(saga, signal, now)]
    if reservation.payment_operations != operations and reservation.version == version:
        reservation.change(now=now)  # the numbers given must not be given again
    has_ended = was_live and saga.live is None
    return [*said, *asked, *(_cancel_as_recorded(saga, now) if has_ended else ())]


def _cancel_as_recorded(saga: Saga, now: datetime) -> list[BookingEvent]:
    """Start the cancelation that had to wait for this saga's end, if there is one."""
    if not saga.canceled_by:
        return []
    agreed = saga.cancel_settlement
    settlement = msgspec.convert(agreed, Settlement) if agreed else None
    new = canceling(saga.reservation, now=now)
    new.save(force_insert=True)
    return react(new, Cancel(saga.canceled_by, settlement), now=now)


def _way(saga: Saga, reaction: Reaction, signal: Signal, now: datetime) -> list[Reaction]:
    way: list[Reaction] = []
    following: Reaction | None = reaction
    while following := _fitting(following, saga, now):
        if following.learns:
            following.learns(saga, signal)
        way.append(following)
        following = SAGAS[saga.kind][following.then].at_once
    return way


def _fitting(reaction: Reaction | None, saga: Saga, now: datetime) -> Reaction | None:
    """The reaction, or what follows in its place where it does not fit; nothing if nothing does."""
    while reaction and reaction.where and not reaction.where(saga, now):
        reaction = reaction.otherwise
    return reaction


def _move(saga: Saga, reaction: Reaction, signal: Signal, now: datetime) -> None:
    step = SAGAS[saga.kind][reaction.then]
    if not step.keeps_card:
        saga.payment_token = ""
    if reaction.keeps_waiting:
        saga.change(now=now)  # what it has learned
        return
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
    if _is_about_an_earlier_refund(saga, event):
        return
    asked = getattr(saga, ANSWERED[type(event)])
    of = event.authorization_number if isinstance(event, FollowUpEvent) else None
    if event.operation_number != asked or of not in (None, saga.authorization_number):
        raise UnexpectedEvent(
            f"{_named(event)} answers operation {event.operation_number} about {of}, the "
            f"{saga.kind} saga at {saga.step} asked for {asked or 'nothing like it'} about "
            f"{saga.authorization_number}"
        )
    _must_be_the_amount(saga, event)


def _is_about_an_earlier_refund(saga: Saga, event: PaymentEvent) -> bool:
    """Whether a refund is answered after which the saga has asked for another one."""
    if not isinstance(event, PaymentRefunded | PaymentRefundFailed):
        return False
    first, last, number = saga.first_refund_number, saga.refund_number, event.operation_number
    if first is None or last is None or not first <= number < last:
        return False
    # Money that comes back after all, though another refund was asked for since.
    return not (isinstance(event, PaymentRefunded) and number == saga.refused_number)


def _must_be_the_amount(saga: Saga, event: PaymentEvent) -> None:
    if not isinstance(event, PaymentAuthorized | PaymentCaptured | PaymentRefunded):
        return
    amount = saga.refund_amount if isinstance(event, PaymentRefunded) else saga.amount
    asked, answered = (amount, saga.reservation.currency), (event.amount, event.currency)
    if answered != asked:
        raise UnexpectedEvent(f"{_named(event)} says {answered}, {asked} was asked for")


def _is_late(saga: Saga, signal: Signal, step: Step, reaction: Reaction | None) -> bool:
    """Whether an answer changes nothing any more: another refund was asked for since, what it would
    do has been done, or the step only notes it."""
    if isinstance(signal, PaymentEvent) and _is_about_an_earlier_refund(saga, signal):
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
