"""Goes through everything that may happen, depth first, and looks at every end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from booking.models import Reservation, Seat
from tests.booking.explorer.fares import ASKED, Fares
from tests.booking.explorer.payments import Answer, Illegal, Payments, Request
from tests.booking.explorer.world import SagaState, State, World

Status = Reservation.Status
# What may be under way while it is settled by hand: the card ends up with nothing either way.
OWN_REQUESTS: Final = {"VOIDING": "PaymentVoidRequested", "REFUNDING": "PaymentRefundRequested"}


@dataclass(frozen=True)
class Bounds:
    """How small the case is.

    Args:
        losses: how many requests and answers an operator discards.
        surprises: how often fare or payment says what nobody expects.
        refusals: how often it refuses a refund for good.
        operations: how often an operator acts on a stuck saga.
    """

    losses: int = 0
    surprises: int = 0
    refusals: int = 0
    operations: int = 0


class Node(NamedTuple):
    """The whole system at rest between two steps.

    Args:
        booking: what matters of its database.
        requests: what it has asked for and payment has not read yet, in order.
        payments: payment and the processor.
        answers: what payment has said and booking has not read yet, in order.
        asked: what booking has asked fare and fare has not read yet.
        fares: fare.
        quotes: what fare has said and booking has not read yet, in order.
        losses: how much may still be discarded.
        lost: whether something was.
        operations: how often an operator may still act.
    """

    booking: State
    requests: tuple[Request, ...]
    payments: Payments
    answers: tuple[Answer, ...]
    asked: tuple[Request, ...]
    fares: Fares
    quotes: tuple[Answer, ...]
    losses: int
    lost: bool
    operations: int


class Explorer:
    """All that may happen to one reservation.

    Args:
        world: booking.
        bounds: how much may go wrong.
    """

    def __init__(self, world: World, bounds: Bounds) -> None:
        self.world = world
        self.bounds = bounds
        self.seen: set[Node] = set()
        self.ends: set[Node] = set()
        self.steps = 0

    def run(self) -> None:
        """Explore.

        Raises:
            Illegal: what must never be is, or happens; with the way there.
        """
        for name, state in self.world.starts.items():
            self._explore(name, self._root(state))

    def _explore(self, name: str, root: Node) -> None:
        self.seen.add(root)
        way: list[tuple[str, Iterator[tuple[str, Node]]]] = [(name, self._next(root))]
        try:
            while way:
                self._go_on(way)
        except Illegal as error:
            told = " → ".join(name for name, _ in way)
            raise Illegal(f"{error} [{told}]") from error

    def _root(self, start: State) -> Node:
        bounds = self.bounds
        return Node(
            booking=start,
            requests=(),
            payments=Payments(surprises=bounds.surprises, refusals=bounds.refusals),
            answers=(),
            asked=(),
            fares=Fares(),
            quotes=(),
            losses=bounds.losses,
            lost=False,
            operations=bounds.operations,
        )

    def _go_on(self, way: list[tuple[str, Iterator[tuple[str, Node]]]]) -> None:
        found = next(way[-1][1], None)
        if found is None:
            way.pop()
            return
        self.steps += 1
        name, node = found
        if node not in self.seen:
            self.seen.add(node)
            way.append((name, self._next(node)))
            self._look_at(node)

    # What may happen next

    def _next(self, node: Node) -> Iterator[tuple[str, Node]]:
        yield from self._fare_reads(node)
        yield from self._booking_reads_fare(node)
        yield from self._payment_reads(node)
        yield from self._processor_answers(node)
        yield from self._booking_reads(node)
        for act in self._acts(node):
            yield act, self._after(node, act)
        if self._may_be_settled_by_hand(node):
            by_hand = node._replace(
                payments=node.payments.settled(paid=node.booking.status == Status.CONFIRMED)
            )
            yield "complete", self._after(by_hand, "complete")

    def _fare_reads(self, node: Node) -> Iterator[tuple[str, Node]]:
        told, payments = node.fares.told, node.payments
        if told and payments.surprises:
            fewer = replace(payments, surprises=payments.surprises - 1)
            yield f"again {told.event}", node._replace(payments=fewer, quotes=(*node.quotes, told))
        if not node.asked:
            return
        request, *rest = node.asked
        read = node._replace(asked=tuple(rest))
        for fares, answer in node.fares.ask(request):
            yield answer.event, read._replace(fares=fares, quotes=(*node.quotes, answer))
        if node.losses:
            yield f"lost: {request.event}", read._replace(losses=node.losses - 1, lost=True)

    def _booking_reads_fare(self, node: Node) -> Iterator[tuple[str, Node]]:
        if not node.quotes:
            return
        answer, *rest = node.quotes
        read = node._replace(quotes=tuple(rest))
        after = self._after(read, "read_fare", answer)
        self._must_let_rest(read, after)
        yield f"booking reads {answer.event}", after
        if node.losses:
            lost = read._replace(losses=node.losses - 1, lost=True)
            nothing = answer._replace(event="")
            yield f"lost: {answer.event}", self._after(lost, "read_fare", nothing)

    def _payment_reads(self, node: Node) -> Iterator[tuple[str, Node]]:
        if not node.requests:
            return
        request, *rest = node.requests
        payments, answers = node.payments.ask(request)
        read = node._replace(requests=tuple(rest))
        yield (
            f"payment reads {request.event}",
            read._replace(payments=payments, answers=(*node.answers, *answers)),
        )
        if node.losses:
            yield f"lost: {request.event}", read._replace(losses=node.losses - 1, lost=True)

    def _processor_answers(self, node: Node) -> Iterator[tuple[str, Node]]:
        for payments, answer in node.payments.outcomes():
            answers = (*node.answers, answer)
            yield answer.event, node._replace(payments=payments, answers=answers)

    def _booking_reads(self, node: Node) -> Iterator[tuple[str, Node]]:
        if not node.answers:
            return
        answer, *rest = node.answers
        read = node._replace(answers=tuple(rest))
        after = self._after(read, "read", answer)
        self._must_let_rest(read, after)
        yield f"booking reads {answer.event}", after
        if node.losses:
            lost = read._replace(losses=node.losses - 1, lost=True)
            yield f"lost: {answer.event}", self._after(lost, "read", answer._replace(event=""))

    def _acts(self, node: Node) -> Iterator[str]:
        booking = node.booking
        live = booking.live()
        if booking.status in (Status.PENDING, Status.CONFIRMED):
            yield "cancel"
        if booking.seat == Seat.Status.FREE:
            yield "other"
        if live and live.step == "HOLDING":
            yield "pay"
        if live and live.has_deadline:
            yield "deadline"
        if live and live.is_stuck and node.operations:
            yield "retry"

    def _may_be_settled_by_hand(self, node: Node) -> bool:
        """An operator looks first: not while the card may still be asked for anything but what is
        settled, or has just answered."""
        live = node.booking.live()
        if live is None or not live.is_stuck or not node.operations:
            return False
        asked_there = OWN_REQUESTS.get(live.step, "")
        others = [one for one in node.requests if one.event != asked_there]
        if others or not node.payments.is_idle(besides=asked_there):
            return False
        return bool(asked_there) or not (node.requests or node.answers)

    def _after(self, node: Node, act: str, answer: Answer | None = None) -> Node:
        outcome = self.world.after(node.booking, act, answer)
        if act in ("deadline", "retry") and not outcome.requests:
            self._must_not_go_on_waiting(outcome.state.live())
        if act == "retry" and not node.answers and not node.lost:
            self._must_not_ask_in_vain(node.payments, outcome.requests)
        left = node.operations - (act in ("retry", "complete"))
        of_fare = tuple(one for one in outcome.requests if one.event == ASKED)
        others = tuple(one for one in outcome.requests if one.event != ASKED)
        return node._replace(
            booking=outcome.state,
            requests=(*node.requests, *others),
            asked=(*node.asked, *of_fare),
            operations=left,
        )

    # What must be true

    def _must_not_go_on_waiting(self, live: SagaState | None) -> None:
        """Whose time is up asks again, or an operator, or it is over."""
        if live is not None and not live.is_stuck:
            raise Illegal(f"{live.kind} {live.step} goes on waiting, and asks for nothing")

    def _must_let_rest(self, before: Node, after: Node) -> None:
        """What has ended with nothing on the card is not taken up again; an operator who settles by
        hand what is still being answered may see that."""
        payments = before.payments
        on_the_card = payments.holds or payments.charged > payments.refunded
        untouched = before.operations == self.bounds.operations
        is_over, goes_on = before.booking.live() is None, after.booking.live() is not None
        if is_over and goes_on and untouched and not on_the_card:
            raise Illegal("a saga that had ended asks for what is settled")

    def _must_not_ask_in_vain(self, payments: Payments, requests: tuple[Request, ...]) -> None:
        """What is known to be refused for good is refused again, however often it is asked for."""
        refused = {
            one.request for one in payments.operations if one.answered == "PaymentRefundFailed"
        }
        if in_vain := refused & set(requests):
            raise Illegal(f"{in_vain.pop()} was refused, and is asked for again")

    def _look_at(self, node: Node) -> None:
        """Once nothing is under way, whoever still waits must have a reason to."""
        if node.requests or node.answers or not node.payments.is_idle():
            return
        if node.asked or node.quotes:
            return
        live = node.booking.live()
        if live is None:
            self._must_have_settled(node)
        elif live.step != "HOLDING" and not self._may_wait(node):
            raise Illegal(f"{live.kind} {live.step} waits for what does not come")

    def _may_wait(self, node: Node) -> bool:
        """What was lost is asked for again; a refund that was refused waits for an operator."""
        live = node.booking.live()
        assert live is not None
        refused = any(one.answered == "PaymentRefundFailed" for one in node.payments.operations)
        if live.is_stuck:
            return node.lost or refused
        return node.lost and live.has_deadline

    def _must_have_settled(self, node: Node) -> None:
        """Nothing is on the card but what is owed, and who paid can fly."""
        booking, payments = node.booking, node.payments
        confirmed = booking.status == Status.CONFIRMED
        if booking.status == Status.PENDING:
            raise Illegal("it is PENDING, and nobody is at it")
        if payments.charged - payments.refunded != int(confirmed):
            raise Illegal(f"{booking.status}: charged {payments.charged}, {payments.refunded} back")
        if payments.holds:
            raise Illegal(f"{booking.status}: an amount is reserved on the card for ever")
        if confirmed != (booking.has_tickets and booking.owner == "first"):
            raise Illegal(f"{booking.status}: the seat is {booking.owner}'s, tickets: {booking}")
        self.ends.add(_whatever_might_have_been(node))


def _whatever_might_have_been(node: Node) -> Node:
    """The end itself, however much more might have gone wrong."""
    payments = replace(node.payments, surprises=0, refusals=0)
    return node._replace(payments=payments, losses=0, lost=False, operations=0)
