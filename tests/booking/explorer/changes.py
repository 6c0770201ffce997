"""A reservation that is bought, changed to another departure once, and given up at any point.

Booking runs as in `world`, payment as in `payments`: a model for each authorization. Amounts are in
euros.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from booking import services
from booking.handlers import PAYMENTS
from booking.models import Departure, Reservation, Saga, Seat
from booking.preconditions import AnyVersion
from contracts.booking import PaymentRequested
from contracts.payment import PaymentEvent
from contracts.values import Penalty
from outbox.inbox import Inbox
from tests.booking import factories
from tests.booking.explorer.explorer import Bounds, Explorer, Node
from tests.booking.explorer.payments import Answer, Illegal, Operation, Payments, Request
from tests.booking.explorer.world import EVENTS, SagaState, State, World, _described
from tests.booking.factories import NOW
from tests.booking.fare import Fare, asked_directly

EURO: Final = 100
PAID: Final = factories.PRICE // EURO
FIRST: Final = 1
ENDED: Final = Reservation.Status.CANCELED
# What a departure costs that is dearer, cheaper, or as dear and changed to for nothing.
DEALS: Final = {"dearer": 15000, "cheaper": 8900, "even": factories.PRICE}


@dataclass(frozen=True)
class Wallet:
    """What payment knows of all authorizations of a reservation.

    Args:
        cards: the model of each, by its number.
        surprises, refusals: how often any of them may still surprise, or refuse a refund.
    """

    cards: tuple[tuple[int, Payments], ...]
    surprises: int = 0
    refusals: int = 0

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Those of all cards."""
        return tuple(one for _, card in self.cards for one in card.operations)

    @property
    def holds(self) -> bool:
        """Whether any amount is reserved."""
        return any(card.holds for _, card in self.cards)

    @property
    def charged(self) -> int:
        """How much was charged in all."""
        return sum(card.charged for _, card in self.cards)

    @property
    def refunded(self) -> int:
        """How much was given back in all."""
        return sum(card.refunded for _, card in self.cards)

    def is_idle(self, besides: str = "") -> bool:
        """Whether everything is answered, besides requests of one kind."""
        return all(card.is_idle(besides) for _, card in self.cards)

    def settled(self, *, paid: bool) -> "Wallet":
        """After people have seen to it: all of it is back."""
        cards = tuple((number, card.settled(paid=False)) for number, card in self.cards)
        return replace(self, cards=cards)

    def ask(self, request: Request) -> tuple["Wallet", tuple[Answer, ...]]:
        """Record a request with the authorization that it is about."""
        number = request.of or request.number
        known = dict(self.cards)
        card, answers = known.get(number, Payments()).ask(request)
        return replace(self, cards=tuple(sorted({**known, number: card}.items()))), answers

    def outcomes(self) -> Iterator[tuple["Wallet", Answer]]:
        """Everything that the processor may answer next."""
        for number, card in self.cards:
            about = replace(card, surprises=self.surprises, refusals=self.refusals)
            for after, answer in about.outcomes():
                plain = replace(after, surprises=0, refusals=0)
                cards = tuple((at, plain if at == number else one) for at, one in self.cards)
                yield Wallet(cards, after.surprises, after.refusals), answer


@dataclass(frozen=True)
class Facts:
    """What else matters of booking's database.

    Args:
        seats: of both departures, the status and whose it is.
        on: on which departure the reservation is.
        owed: what of the money is to be kept.
        sells: whether the wanted departure does.
    """

    seats: tuple[tuple[str, str], ...]
    on: int
    owed: int
    sells: bool


class ChangingWorld(World):
    """Two departures with one seat each, a reservation that is bought on the first of them, and
    somebody else who wants any.

    Args:
        deal: what the second costs, a key of `DEALS`.
    """

    def __init__(self, deal: str) -> None:
        self.deal = deal
        fee = 0 if deal == "even" else 3000
        penalty = Penalty(allowed=True, fee=fee)
        flight = factories.flight()
        for day in (1, 2):
            factories.departure(flight, in_days=day, seats=["12A"])
        made = factories.at_a_fare(
            factories.reserve(), refundable=True, change_before_departure=penalty
        )
        factories.tell(EVENTS["PaymentAuthorized"], made)
        factories.tell(EVENTS["PaymentCaptured"], made)
        self.reservation_id = made.pk
        self.inboxes = {"read": Inbox("payments", PAYMENTS)}
        self._snapshots = {}
        self.starts = {"bought": self._started()}
        self._other_snapshots = {}
        self._remembered = {}
        self._dies = True
        self.runs = 0

    def _is_at(self, state: State, steps: Collection[str]) -> bool:
        """Of the change alone; before there is one, whatever it will do at once."""
        changes = [saga for saga in state.sagas if saga.kind == Saga.Kind.CHANGING]
        return any(saga.step in steps for saga in changes) or (not changes and "ACCEPTED" in steps)

    # What may happen

    def _change(self) -> None:
        """Quote, then confirm."""
        who: dict[str, Any] = {"reservation_id": self.reservation_id, "customer_id": "trial"}
        day = self._departures()[1].date
        with pytest.MonkeyPatch.context() as patch:
            asked_directly(Fare(amount=DEALS[self.deal]), patch)
            told = services.quote_change(**who, departure_date=day, seats={}, now=NOW)
        services.change_departure(
            **who,
            quote_id=told.quote_id,
            versions=AnyVersion(),
            payment_token="tok",
            now=NOW,
        )

    def _give_up(self) -> None:
        """The customer cancels, as it is quoted."""
        who: dict[str, Any] = {"reservation_id": self.reservation_id, "customer_id": "trial"}
        with pytest.MonkeyPatch.context() as patch:
            asked_directly(Fare(), patch)
            told = services.quote_cancelation(**who, now=NOW)
        services.cancel_reservation(**who, versions=AnyVersion(), quote_id=told.quote_id, now=NOW)

    def _close(self) -> None:
        """The wanted departure sells no more."""
        Departure.objects.filter(pk=self._departures()[1].pk).update(status="CLOSED")

    # What is read off

    def _departures(self) -> list[Departure]:
        return list(Departure.objects.order_by("date"))

    def _sagas(self) -> list[Saga]:
        return sorted(super()._sagas(), key=lambda one: one.pk)

    def _state(self) -> Any:
        reservation = self._reservation()
        first, second = self._departures()
        seats = tuple(self._seat(one) for one in (first, second))
        on = int(reservation.departure_id == second.pk)
        is_over = reservation.status == ENDED
        owed = self._sagas()[-1].kept_amount if is_over else reservation.amount
        facts = Facts(seats, on, owed // EURO, second.status == Departure.Status.OPEN)
        has_tickets = reservation.passengers.exclude(ticket_number=None).exists()
        state = State(
            status=reservation.status,
            price=None,  # what is owed says it
            payment_operations=reservation.payment_operations,
            has_tickets=has_tickets,
            seat=repr(facts),
            owner=seats[on][1],
            sagas=tuple(_with_facts(one) for one in self._sagas()),
        )
        KNOWN[state.seat] = facts
        return state

    def _seat(self, departure: Departure) -> tuple[str, str]:
        seat = Seat.objects.get(departure=departure)
        if seat.reservation_id is None:
            return seat.status, ""
        return seat.status, "first" if seat.reservation_id == self.reservation_id else "other"

    def _requests(self, *, since: int) -> tuple[Request, ...]:
        numbers = {one.pk: index for index, one in enumerate(self._sagas())}
        return tuple(
            Request(
                type(asked).__name__,
                numbers[asked.saga_id],
                asked.operation_number,
                getattr(asked, "authorization_number", 0),
                asked.amount // EURO,
            )
            for asked in self._asked_for(since=since)
            if isinstance(asked, PaymentRequested)
        )

    def _event(self, answer: Answer, **changes: Any) -> PaymentEvent:
        amount = answer.amount * EURO
        asked = self._sagas()[answer.saga]
        facts = {"operation_number": answer.number, "authorization_number": answer.of}
        return factories.answer(EVENTS[answer.event], asked, amount=amount, **facts, **changes)


# What the state's text about seats stands for.
KNOWN: dict[str, Facts] = {}


def _with_facts(one: Saga) -> SagaState:
    facts = tuple(str(getattr(one, name)) for name in Saga.FACTS)
    return _described(one)._replace(facts=facts)


class ChangingExplorer(Explorer):
    """All that may happen to a reservation that is changed once."""

    def _root(self, start: State) -> Node:
        card = Payments(
            operations=(
                Operation(Request("PaymentAuthorizeRequested", 0, 1, 0, PAID), "PaymentAuthorized"),
                Operation(Request("PaymentCaptureRequested", 0, 2, 1, PAID), "PaymentCaptured"),
            ),
            charged=PAID,
        )
        bounds = self.bounds
        wallet: Any = Wallet(((FIRST, card),), bounds.surprises, bounds.refusals)
        return super()._root(start)._replace(payments=wallet)

    def _next(self, node: Node) -> Iterator[tuple[str, Node]]:
        """An operator can settle by hand what is stuck; what becomes of that is told in booking's
        own tests."""
        live = node.booking.live()
        if live and live.is_stuck:
            self.world.after(node.booking, "complete")
        yield from super()._next(node)

    def _acts(self, node: Node) -> Iterator[str]:
        booking, facts = node.booking, KNOWN[node.booking.seat]
        live = booking.live()
        if booking.status != ENDED and not _is_recorded(live):
            yield "cancel"
            yield "give_up"
        is_free = [status == Seat.Status.FREE for status, _ in facts.seats]
        if is_free[0] or (is_free[1] and facts.sells):
            yield "other"
        if facts.sells and live and live.kind == Saga.Kind.CHANGING:
            yield "close"
        if _may_change(booking, facts):
            yield "change"
        if live and live.has_deadline:
            yield "deadline"
        if live and live.is_stuck and node.operations:
            yield "retry"

    def _may_be_settled_by_hand(self, node: Node) -> bool:
        return False

    def _must_have_settled(self, node: Node) -> None:
        """What is kept is what is owed, nothing else is on the card, and the seats are whose they
        are to be."""
        booking, payments, facts = node.booking, node.payments, KNOWN[node.booking.seat]
        kept = payments.charged - payments.refunded
        if kept != facts.owed:
            raise Illegal(f"{booking.status}: {kept} are kept, {facts.owed} are owed")
        if payments.holds:
            raise Illegal(f"{booking.status}: an amount is reserved on the card for ever")
        own = [at for at, (_, owner) in enumerate(facts.seats) if owner == "first"]
        if own != ([] if booking.status == ENDED else [facts.on]):
            raise Illegal(f"{booking.status}: its seats are {facts.seats}")
        self.ends.add(node._replace(losses=0, lost=False, operations=0))


def _is_recorded(live: SagaState | None) -> bool:
    """Whether a cancelation waits already: of another the last counts, which is told elsewhere."""
    return live is not None and live.facts[Saga.FACTS.index("canceled_by")] != ""


def _may_change(booking: State, facts: Facts) -> bool:
    """Once; and only where the seat is there."""
    if booking.status == ENDED or booking.live() or not facts.sells:
        return False
    is_new = not any(one.kind == Saga.Kind.CHANGING for one in booking.sagas)
    return is_new and facts.seats[1][0] == Seat.Status.FREE


CASES: Final = (
    Bounds(losses=1, refusals=1, operations=1),
    Bounds(surprises=1),
)
