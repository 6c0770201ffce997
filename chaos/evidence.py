"""What a run leaves behind, as plain values: all that the checker knows.

Moments are seconds since 1970 on the clock of the machine, which no fault touches. Amounts are in
minor units. A departure is named such as `ZQ1001 2026-11-27`.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

PENDING: Final = "PENDING"
CONFIRMED: Final = "CONFIRMED"
CANCELED: Final = "CANCELED"

# In place of an HTTP status: there was no answer; the client itself did not wait for one.
NO_ANSWER: Final = 0
HUNG_UP: Final = -1

Row = TypeVar("Row")


@dataclass(frozen=True)
class Attempt:
    """One time that a request was sent.

    Args:
        begun: when.
        ended: when its answer had come, or was given up.
        status: the HTTP status; NO_ANSWER, or HUNG_UP.
        text: the answer's body, or why there was none.
    """

    begun: float
    ended: float
    status: int
    text: str = ""

    @property
    def is_definite(self) -> bool:
        """Whether it says what became of the request: no error of the system, and not that its
        first attempt is still being worked on."""
        return 0 < self.status < 500 and "request-in-flight" not in self.text

    def json(self) -> Any:
        """The answer, decoded; empty where it is no JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return {}


@dataclass(frozen=True)
class Request:
    """What a client asked for, under one idempotency key if it has an effect.

    Args:
        client: who.
        scenario: what for.
        what: reserve, pay, quote, cancel, change, seats or look.
        number: of the first passenger, whom no other reservation has.
        reservation: which it is about; empty until it is known.
        attempts: how often it was sent.
        asked: the body.
        agreed: what a cancelation was quoted to cost, where it is one with a quote.
    """

    client: int
    scenario: str
    what: str
    number: int
    reservation: str
    attempts: tuple[Attempt, ...]
    asked: str = ""
    agreed: int | None = None

    @property
    def answer(self) -> Attempt | None:
        """The first definite answer."""
        return next((one for one in self.attempts if one.is_definite), None)

    @property
    def is_done(self) -> bool:
        """Whether what was asked for was promised."""
        return self.answer is not None and self.answer.status < 300

    @property
    def told(self) -> Any:
        """What the definite answer says; empty without one."""
        return self.answer.json() if self.answer else {}


@dataclass(frozen=True)
class Fault:
    """What was broken.

    Args:
        kind: how.
        victim: what.
        begun: when.
        ended: from when nothing was done to it any more.
        recovered: when the whole system was seen to be healthy after that; None if never.
    """

    kind: str
    victim: str
    begun: float
    ended: float
    recovered: float | None

    def explains(self, begun: float, ended: float) -> bool:
        """Whether its window has part of such a time."""
        return begun <= (self.recovered or float("inf")) and ended >= self.begun

    def __str__(self) -> str:
        return self.kind if self.kind.endswith(self.victim) else f"{self.kind}: {self.victim}"


@dataclass(frozen=True)
class Reservation:
    """booking's row, with the seats of its passengers.

    Args:
        hold_expires_at: when its hold was to end.
        open_until: when it was last seen unfinished: PENDING, or with a live saga; 0 if never.
    """

    id: str
    number: int
    status: str
    amount: int
    currency: str
    departure: str
    seats: tuple[str, ...]
    hold_expires_at: float
    open_until: float


@dataclass(frozen=True)
class Seat:
    """A seat that is not simply free."""

    departure: str
    number: str
    status: str
    owner: str


@dataclass(frozen=True)
class Saga:
    """One run of a saga. `wants` is the departure of a change."""

    reservation: str
    kind: str
    step: str
    is_live: bool
    is_stuck: bool
    captured: int
    refunded: int
    wants: str = ""


@dataclass(frozen=True)
class TimelineEntry:
    """What booking says has happened."""

    reservation: str
    entry: str
    detail: str


@dataclass(frozen=True)
class Event:
    """A row of a service's outbox. `order` is the row's number, given in the transaction."""

    service: str
    order: int
    id: str
    key: str
    sequence: int
    type: str
    state: str
    payload: str

    @property
    def name(self) -> str:
        """Its type without service and version."""
        return self.type.split(".")[1]

    def json(self) -> Any:
        """The payload, decoded."""
        return json.loads(self.payload)


@dataclass(frozen=True)
class Message:
    """What is on a topic."""

    topic: str
    partition: int
    offset: int
    id: str
    key: str
    sequence: int
    type: str


@dataclass(frozen=True)
class Mark:
    """How far a consumer has come with a key."""

    service: str
    consumer: str
    source: str
    key: str
    sequence: int


@dataclass(frozen=True)
class Payment:
    """payment's totals for a reservation."""

    reservation: str
    captured: int
    refunded: int


@dataclass(frozen=True)
class Operation:
    """What payment was asked to do, in the order in which it was recorded. `reference` is the
    processor's, empty where payment knew the answer itself."""

    reservation: str
    order: int
    number: int
    kind: str
    status: str
    amount: int
    currency: str
    reference: str

    @property
    def key(self) -> str:
        """What the processor knows it by."""
        return f"{self.reservation}:{self.number}"


@dataclass(frozen=True)
class Booked:
    """A line of the processor's own books."""

    key: str
    kind: str
    reference: str
    authorization: str
    amount: int
    currency: str
    declined: str

    @property
    def reservation(self) -> str:
        """Which it is about."""
        return self.key.rpartition(":")[0]

    @property
    def is_approved(self) -> bool:
        """Whether money, or a hold on it, has moved."""
        return not self.declined


@dataclass(frozen=True)
class Delivery:
    """A message that notification was to send."""

    id: str
    event: str
    event_type: str
    reservation: str
    recipient: str
    status: str


@dataclass(frozen=True)
class Contact:
    """Who is to be told about a reservation: `contact`, and passengers with addresses of their
    own, as deliveries name them."""

    reservation: str
    recipients: tuple[str, ...]


@dataclass(frozen=True)
class Mail:
    """What the mail server took. `delivery` is in its Message-ID."""

    delivery: str
    recipient: str
    at: float


@dataclass(frozen=True)
class Held:
    """What waits for an operator, or for something that has not come."""

    service: str
    key: str
    what: str


@dataclass(frozen=True)
class Process:
    """A program of the stack after the run."""

    name: str
    state: str
    serves: bool


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All of it."""

    seed: int
    duration: float
    requests: Sequence[Request] = ()
    faults: Sequence[Fault] = ()
    reservations: Sequence[Reservation] = ()
    seats: Sequence[Seat] = ()
    sagas: Sequence[Saga] = ()
    timeline: Sequence[TimelineEntry] = ()
    events: Sequence[Event] = ()
    messages: Sequence[Message] = ()
    marks: Sequence[Mark] = ()
    payments: Sequence[Payment] = ()
    operations: Sequence[Operation] = ()
    books: Sequence[Booked] = ()
    deliveries: Sequence[Delivery] = ()
    contacts: Sequence[Contact] = ()
    mails: Sequence[Mail] = ()
    held: Sequence[Held] = ()
    processes: Sequence[Process] = ()

    @property
    def last_fault(self) -> float:
        """When the last of them ended."""
        return max((fault.ended for fault in self.faults), default=0.0)

    @cached_property
    def events_of(self) -> dict[tuple[str, str], list[Event]]:
        """A service's events of a key, by their sequence."""
        found = grouped(self.events, lambda event: (event.service, event.key))
        return {
            key: sorted(events, key=lambda event: event.sequence) for key, events in found.items()
        }


def grouped(rows: Iterable[Row], by: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    """Rows by something they have in common, each group in its order."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(by(row), []).append(row)
    return groups
