"""Whatever is wrong with a run, the checker sees it, and by the invariant that it breaks.

Each bug is planted in what a run leaves behind; `test_planted.py` plants some in the code.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chaos.evidence import NO_ANSWER, Attempt, Evidence, Held, Mail, Message, Request, Saga, Seat
from chaos.invariants import INVARIANTS, violations
from chaos.invariants.notices import repeats
from tests.chaos.world import (
    BEGUN,
    BOUGHT,
    BROKEN,
    CANCELED,
    CHARGE,
    DECLINED,
    DEPARTURE,
    HEALTHY,
    PRICE,
    a_run,
    besides,
    changed,
    position,
    without,
)


@dataclass(frozen=True)
class Bug:
    """Something that went wrong.

    Args:
        invariant: the number of the one that must see it.
        what: in words.
        run: the run in which it has.
    """

    invariant: int
    what: str
    run: Callable[[], Evidence]

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


def event(key: str, name: str) -> int:
    return position("events", key=key, type=f"booking.{name}.v1")


def answered(status: int, *, at: float, text: str = "{}") -> Evidence:
    attempt = Attempt(at, at + 0.1, status, text)
    return besides("requests", Request(1, "single", "look", 1, BOUGHT, (attempt,)))


def told_differently() -> Evidence:
    other = Attempt(BEGUN + 1, BEGUN + 2, 201, json.dumps({"id": "another"}))
    first = a_run().requests[0]
    return changed("requests", 0, attempts=(*first.attempts, other))


def refused() -> Evidence:
    return changed("requests", 0, attempts=(Attempt(BEGUN, BEGUN + 1, 409, "seat-taken"),))


def seat_of(other: str) -> Evidence:
    """The second was given the seat that the first has."""
    row = a_run().events[event(CANCELED, "ReservationCreated")]
    payload = row.payload.replace("12B", other)
    return changed("events", event(CANCELED, "ReservationCreated"), payload=payload)


def canceled_with(settlement: dict[str, Any] | None) -> Evidence:
    row = a_run().events[event(CANCELED, "ReservationCanceled")]
    payload = json.dumps({**row.json(), "settlement": settlement})
    return changed("events", event(CANCELED, "ReservationCanceled"), payload=payload)


def asked_twice() -> Evidence:
    row = a_run().events[event(BOUGHT, "PaymentCaptureRequested")]
    again = replace(
        row, id="again", sequence=99, payload=json.dumps({**row.json(), "operation_number": 9})
    )
    return besides("events", again)


def moved(offset: int) -> Evidence:
    """A message stands further back than it should."""
    return changed("messages", position("messages", id=f"booking/{BOUGHT}/2"), offset=offset)


def again(collection: str, which: int, **changes: Any) -> Evidence:
    return besides(collection, replace(getattr(a_run(), collection)[which], **changes))


BUGS = [
    Bug(1, "an accepted reservation is lost", lambda: without("reservations", 0)),
    Bug(1, "a reservation that nobody asked for", lambda: again("reservations", 0, number=77)),
    Bug(1, "two reservations for one request", lambda: again("reservations", 0, id="twin")),
    Bug(1, "one that was refused and is there", refused),
    Bug(1, "two answers to one key", told_differently),
    Bug(1, "not final after a minute", lambda: changed("reservations", 0, open_until=BROKEN + 90)),
    Bug(2, "a seat is given twice", lambda: seat_of("12A")),
    Bug(2, "a sold seat is free", lambda: without("seats", 0)),
    Bug(2, "a sold seat is only held", lambda: changed("seats", 0, status="HELD")),
    Bug(2, "a sold seat is another's", lambda: changed("seats", 0, owner=DECLINED)),
    Bug(
        2,
        "a seat stays with one that is final",
        lambda: besides("seats", Seat(DEPARTURE, "12C", "HELD", DECLINED)),
    ),
    Bug(3, "more is owed than was charged", lambda: changed("reservations", 0, amount=PRICE + 1)),
    Bug(
        3, "what was not confirmed is charged", lambda: changed("reservations", 0, status="EXPIRED")
    ),
    Bug(3, "a cancelation costs nothing, and it is kept", lambda: canceled_with(None)),
    Bug(
        3,
        "a cancelation costs what was not quoted",
        lambda: changed("requests", position("requests", what="cancel"), agreed=CHARGE - 1),
    ),
    Bug(3, "a cent is missing here", lambda: changed("payments", 0, captured=PRICE - 1)),
    Bug(3, "a cent is missing there", lambda: changed("books", 1, amount=PRICE - 1)),
    Bug(3, "a charge is in no books", lambda: without("books", 1)),
    Bug(3, "a charge that nobody asked for", lambda: again("books", 1, key=f"{BOUGHT}:8")),
    Bug(3, "a charge under the same key again", lambda: again("books", 1)),
    Bug(3, "declined there, done here", lambda: changed("books", 1, declined="card_blocked")),
    Bug(3, "a saga asks for the same under two numbers", asked_twice),
    Bug(4, "an event is not on the topic", lambda: without("messages", 1)),
    Bug(4, "an event is in no outbox", lambda: without("events", 1)),
    Bug(
        4,
        "a message of a reservation that there is not",
        lambda: besides("messages", Message("booking.events", 0, 999, "x", "x", 1, "booking.X.v1")),
    ),
    Bug(4, "an event waits in the outbox", lambda: changed("events", 1, state="PENDING")),
    Bug(4, "a number is missing", lambda: changed("events", 1, sequence=77)),
    Bug(4, "an event came first after a later one", lambda: moved(3_000)),
    Bug(4, "a key is on two partitions", lambda: changed("messages", 1, partition=3)),
    Bug(4, "a consumer is behind", lambda: changed("marks", 0, sequence=1)),
    Bug(4, "a consumer never saw a key", lambda: without("marks", 0)),
    Bug(4, "a request was not recorded", lambda: without("operations", 1)),
    Bug(4, "a request was recorded twice", lambda: again("operations", 1, order=50)),
    Bug(4, "requests were recorded out of order", lambda: changed("operations", 0, order=9)),
    Bug(4, "a charge is counted twice", lambda: changed("sagas", 0, captured=2 * PRICE)),
    Bug(4, "a refund is counted twice", lambda: changed("sagas", 1, refunded=2 * PRICE)),
    Bug(4, "nobody is told", lambda: without("deliveries", 0)),
    Bug(4, "somebody is told what has not happened", lambda: again("deliveries", 0, event="x")),
    Bug(5, "told twice, by two messages", lambda: again("deliveries", 0, id="twin")),
    Bug(5, "told twice, without a fault", lambda: again("mails", 0, at=BEGUN + 8.5)),
    Bug(
        5,
        "told three times",
        lambda: besides("mails", *[replace(a_run().mails[0], at=BROKEN + n) for n in (1, 2)]),
    ),
    Bug(5, "sent, and never came", lambda: without("mails", 0)),
    Bug(5, "a mail of nobody's", lambda: besides("mails", Mail("x", "x@example.test", BEGUN))),
    Bug(
        6,
        "a message is held",
        lambda: besides("held", Held("payment", BOUGHT, "PaymentCaptureRequested #6: gap")),
    ),
    Bug(6, "a saga is stuck", lambda: changed("sagas", 0, is_stuck=True)),
    Bug(6, "a saga does not end", lambda: changed("sagas", 0, is_live=True)),
    Bug(6, "an operation is open", lambda: changed("operations", 1, status="UNKNOWN")),
    Bug(6, "a mail is not sent", lambda: changed("deliveries", 0, status="PENDING")),
    Bug(6, "a process is dead", lambda: changed("processes", 0, state="BACKOFF")),
    Bug(6, "a process does not serve", lambda: changed("processes", 0, serves=False)),
    Bug(6, "the system did not recover", lambda: changed("faults", 0, recovered=None)),
    Bug(7, "500 in a fault's window", lambda: answered(500, at=BROKEN + 1)),
    Bug(7, "503 without a fault", lambda: answered(503, at=HEALTHY + 1)),
    Bug(7, "no answer without a fault", lambda: answered(NO_ANSWER, at=BEGUN)),
]


def seen(run: Evidence) -> set[int]:
    return {violation.invariant for violation in violations(run)}


def test_a_run_in_which_everything_went_well_has_no_violations() -> None:
    assert violations(a_run()) == []


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_a_bug_is_seen_by_the_invariant_that_it_breaks(bug: Bug, planted: list[str]) -> None:
    assert bug.invariant in seen(bug.run())
    planted.append(f"{bug} (in the evidence)")


def test_every_invariant_has_bugs_that_it_sees() -> None:
    assert {bug.invariant for bug in BUGS} == {invariant.number for invariant in INVARIANTS}


def of_each(*collections: str) -> list[tuple[str, int]]:
    run = a_run()
    return [(one, which) for one in collections for which in range(len(getattr(run, one)))]


@pytest.mark.parametrize(
    ("collection", "which"),
    of_each(
        *("reservations", "seats", "sagas", "events", "messages", "marks", "operations", "books"),
        *("deliveries", "mails"),
    ),
)
def test_whatever_is_taken_out_of_a_run_is_missed(collection: str, which: int) -> None:
    row = getattr(a_run(), collection)[which]
    has_no_trace = isinstance(row, Saga) and row.kind == "CANCELING"  # it asks, and charges nothing
    assert bool(violations(without(collection, which))) != has_no_trace


@pytest.mark.parametrize(
    ("collection", "which"),
    of_each("reservations", "operations", "books", "deliveries", "mails"),
)
def test_whatever_is_in_a_run_twice_is_seen(collection: str, which: int) -> None:
    assert violations(again(collection, which)) != []


def test_a_message_that_the_broker_has_twice_is_no_effect() -> None:
    assert violations(again("messages", 1, offset=9_999)) == []


def test_a_mail_that_came_twice_in_the_documented_window_is_counted() -> None:
    run = changed("mails", 0, at=BROKEN)
    run = replace(run, mails=[*run.mails, replace(run.mails[0], at=HEALTHY + 1)])
    assert violations(run) == []
    assert repeats(run) == 1


def test_a_hold_that_outlasts_the_minute_is_waited_for() -> None:
    late = BROKEN + 80
    assert seen(changed("reservations", 0, open_until=late)) == {1}
    run = changed("reservations", 0, open_until=late, hold_expires_at=late)
    assert violations(run) == []


@pytest.mark.parametrize("status", [NO_ANSWER, 502, 503, 504])
def test_a_fault_explains_that_nobody_answers(status: int) -> None:
    assert violations(answered(status, at=BROKEN + 1)) == []


def test_a_change_that_is_being_paid_for_may_hold_seats() -> None:
    held = besides("seats", Seat("ZQ1001 2026-12-25", "3C", "HELD", BOUGHT))
    assert seen(held) == {2}
    saga = Saga(BOUGHT, "CHANGING", "AUTHORIZING", True, False, 0, 0, "ZQ1001 2026-12-25")
    assert seen(replace(held, sagas=[*held.sagas, saga])) == {6}
