"""What a saga's table is made of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from booking.models import Saga
from contracts.booking import BookingEvent

Ask = Callable[[Saga, Any], list[BookingEvent]]
Effect = Callable[[Saga, Any, datetime], list[BookingEvent]]
Lesson = Callable[[Saga, Any], None]
Condition = Callable[[Saga, datetime], bool]


@dataclass(frozen=True)
class Reaction:
    """What an awaited signal does, and the step that follows.

    Args:
        effect: what it does to the reservation and its seats, and the events that say so; None
            where it does nothing to them.
        then: the step that follows; the same one where the saga goes on waiting.
        asks: what is asked of fare or payment; before the effect, since saga and reservation keep
            the numbers of payment's operations.
        learns: what the saga keeps of the signal; before all else, which may depend on it.
        where: what must be so; then this is what follows, else `otherwise`, or nothing.
        otherwise: what follows where it is not.
        once: numbers of the saga any of which says that this is past: then the signal is late, and
            only noted.
        stuck: whether an operator has to look.
        keeps_waiting: whether the saga waits on as it did: its deadline stays, and so does an
            operator's work.
    """

    effect: Effect | None
    then: str
    asks: Ask | None = None
    learns: Lesson | None = None
    where: Condition | None = None
    otherwise: "Reaction | None" = None
    once: tuple[str, ...] = ()
    stuck: bool = False
    keeps_waiting: bool = False


@dataclass(frozen=True)
class Patience:
    """How often a step asks for what it waits for, and how long it waits each time.

    Args:
        first: the first pause; each is twice the one before.
        longest: no pause is longer.
        attempts: after so many the saga is stuck.
    """

    first: timedelta
    longest: timedelta
    attempts: int

    def pause(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts."""
        # 1 << 20 is beyond any longest pause, and not beyond a timedelta.
        return min(self.first * (1 << min(attempts - 1, 20)), self.longest)


@dataclass(frozen=True)
class Step:
    """A place where a saga waits, passes, or ends.

    Args:
        name: its name in the database.
        awaits: what it reacts to. An end may react, too, to what must not be left as it is.
        at_once: what follows by itself, in the transaction that leads here: nothing is waited for,
            unless it follows only where something is so.
        patience: how long it waits; without, as long as the reservation's hold.
        notes: answers that change nothing any more here, and are only noted.
        keeps_card: whether the card's token is kept here, for what is to be asked of it later.
        ends: whether the saga is over.
    """

    name: str
    awaits: Mapping[type, Reaction] = field(default_factory=dict)
    at_once: Reaction | None = None
    patience: Patience | None = None
    notes: frozenset[type] = frozenset()
    keeps_card: bool = False
    ends: bool = False

    def reactions(self) -> Iterator[Reaction]:
        """Everything that may follow."""
        for reaction in (self.at_once, *self.awaits.values()):
            while reaction:
                yield reaction
                reaction = reaction.otherwise
