"""Booking itself, on a database in memory that can be taken back to where it was.

What booking does depends on its `State` and on what comes: each such pair is run once, on the
database, and its outcome remembered.
"""

import random
from collections.abc import Callable, Collection, Iterator
from copy import copy
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any, Final, NamedTuple, cast

from django.db import connection, transaction

from booking import services
from booking.handlers import FARES, PAYMENTS
from booking.invariants import violations
from booking.models import Reservation, Saga, Seat
from booking.orchestrator import ANSWERED, UnexpectedEvent
from booking.preconditions import AnyVersion
from booking.saga import SAGAS
from contracts.booking import FareQuoteRequested, PaymentRequested
from contracts.fare import FareEvent
from contracts.payment import PaymentEvent
from outbox import registry
from outbox.cloudevents import DISCARDED
from outbox.held import Incoming
from outbox.inbox import Inbox
from outbox.models import HeldMessage, InboxMark, OutboxEvent
from outbox.prepared import Rows, Select, argument
from tests.booking import factories
from tests.booking.explorer.payments import Answer, Illegal, Request
from tests.booking.factories import NOW
from tests.messages import incoming

LATER: Final = NOW + timedelta(minutes=16)
# More than any step has.
MOST_ATTEMPTS: Final = 10
OTHER: Final = "the next customer"
EVENTS: Final = {event.__name__: event for event in ANSWERED}
# Neither is the list price.
QUOTED: Final = factories.price([9850])
OFFERED: Final = factories.price([11100])


class Died(BaseException):
    """The process is killed."""


class Writes:
    """Counts a connection's writes, and has the process killed at one of them, before it is done.

    Args:
        die_at: which one, from 1.
    """

    def __init__(self, die_at: int = 0) -> None:
        self.count = 0
        self.die_at = die_at

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Django's wrapper around each statement."""
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            self.count += 1
            if self.count == self.die_at:
                raise Died
        return execute(sql, params, many, context)


class SagaState(NamedTuple):
    """What matters of a saga's row."""

    kind: str
    step: str
    is_live: bool
    attempts: int
    is_stuck: bool
    has_deadline: bool
    has_card: bool
    numbers: tuple[int | None, ...]
    facts: tuple[Any, ...] = ()


class State(NamedTuple):
    """What matters of booking's database; times, ids and the past do not."""

    status: str
    price: int | None
    payment_operations: int
    has_tickets: bool
    seat: str
    owner: str
    sagas: tuple[SagaState, ...]

    def live(self) -> SagaState | None:
        """The saga that runs."""
        return next((one for one in self.sagas if one.is_live), None)


class Happening(NamedTuple):
    """Something happens to a state of booking: an act, or an answer of fare or payment is read."""

    state: State
    act: str
    answer: Answer | None


class Outcome(NamedTuple):
    """What booking has become, and what it asks of fare and payment."""

    state: State
    requests: tuple[Request, ...]


class World:
    """One seat, a reservation of it that is to be paid, at an offer's price or at what fare says,
    and somebody else who wants the seat."""

    def __init__(self) -> None:
        factories.departure(factories.flight(), seats=["12A"])
        self.reservation_id = factories.reserve(payment_token=None, offered=False).pk
        self.inboxes = {"read": Inbox("payments", PAYMENTS), "read_fare": Inbox("fares", FARES)}
        self._snapshots: dict[State, bytes] = {}
        self.starts = {"unpriced": self._started()}
        priced = Reservation.priced(OFFERED, "M")
        Reservation.objects.filter(pk=self.reservation_id).update(**priced)
        self.starts["offered"] = self._started()
        self._other_snapshots: dict[State, bytes] = {}
        self._remembered: dict[Happening, Outcome] = {}
        self._dies = True
        self.runs = 0

    def _started(self) -> State:
        state = self._state()
        self._snapshots[state] = self._snapshot()
        return state

    def but(self, steps: Collection[str], *, dies: bool) -> "World":
        """Another world that remembers the same, but for what happens to a saga at these steps."""
        other = copy(self)
        other._snapshots, other._other_snapshots = dict(self._snapshots), {}
        other._dies, other.runs = dies, 0
        other._remembered = {
            happening: outcome
            for happening, outcome in self._remembered.items()
            if not self._is_at(happening.state, steps)
        }
        return other

    def _is_at(self, state: State, steps: Collection[str]) -> bool:
        return any(saga.step in steps for saga in state.sagas)

    def known(self) -> list[State]:
        """The states of booking that have been seen."""
        return list(self._snapshots)

    def after(self, state: State, act: str, answer: Answer | None = None) -> Outcome:
        """What becomes of a state when something happens to it.

        Raises:
            Illegal: it must not become that.
        """
        happening = Happening(state, act, answer)
        remembered = self._remembered.get(happening)
        if remembered is None:
            remembered = self._remembered[happening] = self._run(state, act, answer)
        return remembered

    def misremembered(self, *, sample: int) -> Iterator[Happening]:
        """What, of a sample, has another outcome when it happens to a database that came to the
        same state in another way."""
        again = copy(self)
        again._snapshots = self._other_snapshots
        known = [one for one in self._remembered if one.state in self._other_snapshots]
        for happening in random.Random(0).sample(known, min(sample, len(known))):
            again._done(*happening)
            if again._outcome() != self._remembered[happening]:
                yield happening

    def believed(self, state: State) -> Iterator[PaymentEvent]:
        """The forged answers that a state does not refuse: each is one that its saga waits for, but
        of another operation, authorization or amount."""
        self._restore(state)
        for one in self._sagas():
            for awaited in SAGAS[one.kind][one.step].awaits:
                if awaited in ANSWERED and getattr(one, ANSWERED[awaited]) is not None:
                    yield from self._believed(one, awaited)

    def _believed(self, one: Saga, awaited: type[PaymentEvent]) -> Iterator[PaymentEvent]:
        amount = one.reservation.amount + 1
        for lie in ({"operation_number": 99}, {"authorization_number": 99}, {"amount": amount}):
            forged = factories.answer(awaited, one, **lie)
            if forged == factories.answer(awaited, one):
                continue
            try:
                with transaction.atomic():
                    services.signal_saga(forged, now=LATER)
                    transaction.set_rollback(True)
            except UnexpectedEvent:
                continue
            yield forged

    def _run(self, state: State, act: str, answer: Answer | None) -> Outcome:
        """Do it, then again with the process killed just before it commits."""
        writes = self._done(state, act, answer)
        outcome = self._outcome()
        if outcome.state in self._snapshots:
            self._other_snapshots[outcome.state] = self._snapshot()
        else:
            self._snapshots[outcome.state] = self._snapshot()
        if writes and self._dies:
            self._die(state, act, answer, at=writes)
        return outcome

    def _done(self, state: State, act: str, answer: Answer | None) -> int:
        """Do it on the database; returns how often it wrote."""
        self._restore(state)
        self.runs += 1
        counter = Writes()
        with connection.execute_wrapper(counter):
            try:
                self._act(act, answer)
            except Exception as error:
                raise Illegal(f"{act}: {error!r}") from error
        return counter.count

    def _outcome(self) -> Outcome:
        requests = self._requests(since=self._restored_events)
        self._must_be_sound()
        return Outcome(self._state(), requests)

    def _die(self, state: State, act: str, answer: Answer | None, *, at: int) -> None:
        self._restore(state)
        try:
            with connection.execute_wrapper(Writes(die_at=at)):
                self._act(act, answer)
        except Died:
            pass
        if self._state() != state or self._requests(since=self._restored_events):
            raise Illegal(f"{act} that was cut off has left something behind")

    # What may happen

    def _act(self, act: str, answer: Answer | None) -> None:
        if answer is not None:
            self._deliver(self.inboxes[act], answer)
        else:
            cast("Callable[[], None]", getattr(self, f"_{act}"))()

    def _deliver(self, inbox: Inbox, answer: Answer) -> None:
        """The consumer gets the next message, and the same again after it: it died between the
        database and the offset."""
        message = self._message(inbox, answer)
        inbox.apply([message])
        inbox.apply([message])
        held = HeldMessage.objects.first()
        if held is not None:
            raise Illegal(f"held: {held.error.strip().splitlines()[-1]}")

    def _pay(self) -> None:
        services.pay_reservation(
            reservation_id=self.reservation_id, customer_id=None, payment_token="tok", now=NOW
        )

    def _cancel(self) -> None:
        services.cancel_reservation(
            reservation_id=self.reservation_id, customer_id=None, versions=AnyVersion(), now=NOW
        )

    def _deadline(self) -> None:
        """The clock reaches the saga's deadline."""
        factories.make_due(Reservation.objects.get(pk=self.reservation_id))
        services.end_due_sagas(now=LATER)
        failed = Saga.objects.filter(last_error__contains="(").first()
        if failed is not None:
            raise Illegal(f"a deadline failed: {failed.last_error}")

    def _retry(self) -> None:
        """An operator has a saga ask again that is stuck."""
        stuck = Saga.objects.get(live=self.reservation_id)
        services.retry_saga(saga_id=stuck.pk, actor="eva", reason="explored", now=LATER)

    def _complete(self) -> None:
        """An operator has settled by hand what a stuck saga waits for."""
        stuck = Saga.objects.get(live=self.reservation_id)
        services.complete_saga(saga_id=stuck.pk, actor="eva", reason="explored", now=LATER)

    def _other(self) -> None:
        """Somebody else takes the seat, once it is free."""
        factories.reserve(customer_id=OTHER, payment_token=None)

    # What is read off

    def _state(self) -> State:
        reservation = self._reservation()
        [seat] = _seats().all()
        owner = "" if seat.reservation_id is None else "other"
        tickets = reservation.passengers.exclude(ticket_number=None).count()
        return State(
            status=reservation.status,
            price=None if reservation.quoted_price is None else reservation.amount,
            payment_operations=reservation.payment_operations,
            has_tickets=bool(tickets),
            seat=seat.status,
            owner="first" if seat.reservation_id == self.reservation_id else owner,
            sagas=tuple(_described(one) for one in self._sagas()),
        )

    def _reservation(self) -> Reservation:
        [found] = _reservations().all(pk=self.reservation_id)
        return found

    def _sagas(self) -> list[Saga]:
        return sorted(
            _sagas_of().all(reservation=self.reservation_id), key=lambda one: (one.kind, one.pk)
        )

    def _asked_for(self, *, since: int) -> list[Any]:
        """What the reservation's events say, since so many."""
        rows = _events().all(key=str(self.reservation_id), since=since)
        return [registry.decode(type_, payload.encode()) for type_, payload in rows]

    def _requests(self, *, since: int) -> tuple[Request, ...]:
        """What fare and payment were asked for since so many events."""
        reservation = self._reservation()
        numbers = {one.pk: index for index, one in enumerate(self._sagas())}
        payloads = self._asked_for(since=since)
        for asked in payloads:
            if isinstance(asked, PaymentRequested) and asked.amount != reservation.amount:
                raise Illegal(f"{asked.amount} is asked for, and {reservation.amount} is the price")
        return tuple(
            Request(
                type(asked).__name__,
                numbers[asked.saga_id],
                getattr(asked, "operation_number", 0),
                getattr(asked, "authorization_number", 0),
            )
            for asked in payloads
            if isinstance(asked, PaymentRequested | FareQuoteRequested)
        )

    def _must_be_sound(self) -> None:
        if wrong := [str(violation) for violation in violations()]:
            raise Illegal("; ".join(wrong))
        for one in self._sagas():
            if one.live and not (one.deadline_at or one.stuck_at):
                raise Illegal(f"{one} has neither a deadline nor an operator")
            if one.attempts > MOST_ATTEMPTS:
                raise Illegal(f"{one} asks without end")
            if one.payment_token and one.step != "QUOTING":
                raise Illegal(f"{one} keeps the card's token")

    def _message(self, inbox: Inbox, answer: Answer) -> Incoming:
        """The next message of fare's or payment's topic; empty for what was discarded."""
        marks = InboxMark.objects.filter(key=str(self.reservation_id))
        mark = marks.filter(consumer=inbox.consumer).first()
        any_of_it = "PaymentDeclined" if inbox is self.inboxes["read"] else "FareRefused"
        event = self._event(answer if answer.event else answer._replace(event=any_of_it))
        sequence = mark.sequence + 1 if mark else 1
        message = incoming(event, key=self.reservation_id, sequence=sequence)
        if answer.event:
            return message
        kept = [(name, value) for name, value in message.headers if name != "ce_type"]
        return replace(message, value=b"{}", headers=[*kept, ("ce_type", DISCARDED.encode())])

    def _event(self, answer: Answer, **changes: Any) -> FareEvent | PaymentEvent:
        asked = self._sagas()[answer.saga]
        if answer.event == "FareQuoted":
            return factories.quoted(asked.reservation, price=QUOTED, saga_id=asked.pk)
        if answer.event == "FareRefused":
            return factories.refused(asked.reservation, saga_id=asked.pk)
        facts = {"operation_number": answer.number, "authorization_number": answer.of, **changes}
        return factories.answer(EVENTS[answer.event], asked, **facts)

    # The database

    def _snapshot(self) -> bytes:
        snapshot: bytes = connection.connection.serialize()
        return snapshot

    def _restore(self, state: State) -> None:
        connection.connection.deserialize(self._snapshots[state])
        self._restored_events = self._reservation().event_sequence


# What is read of each of tens of thousands of databases, by statements that are made once.


@cache
def _reservations() -> Select[Reservation]:
    return Select(Reservation.objects.filter(pk=argument(Reservation, "pk")))


@cache
def _sagas_of() -> Select[Saga]:
    return Select(Saga.objects.filter(reservation=argument(Saga, "reservation")))


@cache
def _seats() -> Select[Seat]:
    return Select(Seat.objects.all())


@cache
def _events() -> Rows:
    key, since = argument(OutboxEvent, "key"), argument(OutboxEvent, "sequence", "since")
    events = OutboxEvent.objects.filter(key=key, sequence__gt=since)
    return Rows(events.order_by("id").values_list("type", "payload"))


def _described(one: Saga) -> SagaState:
    return SagaState(
        kind=one.kind,
        step=one.step,
        is_live=one.live is not None,
        attempts=one.attempts,
        is_stuck=one.stuck_at is not None,
        has_deadline=one.deadline_at is not None,
        has_card=bool(one.payment_token),
        numbers=tuple(getattr(one, name) for name in Saga.NUMBERS),
    )
