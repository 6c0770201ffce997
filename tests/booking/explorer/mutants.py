"""The saga's tables with one row changed, and its guards switched off: what has to be noticed.

Rows are changed by the explorer's eyes: each mutant of a row says at which steps what happens may
differ, so that all else need not be done again. The few that the explorer cannot see, because a
single process at a time runs there and nobody lies to it, name the test that does.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from uuid import UUID

import pytest

from booking import orchestrator
from booking.models import Reservation, Saga, Seat
from booking.saga import SAGAS
from booking.selectors import reservations
from booking.services import deadlines
from booking.steps.charges import given_back
from booking.steps.requests import quote
from booking.steps.step import Reaction, Step
from tests.booking.explorer.baseline import ATTEMPTS
from tests.booking.explorer.tables import changed, hasty, install
from tests.booking.models import test_inventory, test_reservation, test_saga
from tests.booking.sagas import test_buying
from tests.mutation import without

Patch = Callable[[pytest.MonkeyPatch], None]
# Effects that only tell the timeline: to drop one changes nothing that has to be right.
TELLING: Final = ("tell.<locals>.told", "refunded")


@dataclass(frozen=True)
class Mutant:
    """Something that is not as it should be.

    Args:
        what: what is missing, said so that the list can be read.
        patch: how.
        steps: at which steps what happens may differ; none where everywhere.
        is_credulous: whether it only has lies believed, which no way of the explorer's tells.
        seen_by: the test that notices; the explorer where there is none.
    """

    what: str
    patch: Patch
    steps: frozenset[str] = frozenset()
    is_credulous: bool = False
    seen_by: Callable[..., None] | None = None

    def __str__(self) -> str:
        return self.what


def _row(kind: str, step: Step, what: str, instead: Step) -> Mutant:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        def change(other_kind: str, other: Step) -> Step:
            hasted = instead
            if hasted.patience:
                hasted = replace(hasted, patience=replace(hasted.patience, attempts=ATTEMPTS))
            return hasted if (other_kind, other.name) == (kind, step.name) else other

        install(changed(hasty(ATTEMPTS), change), monkeypatch)

    return Mutant(f"{kind} {step.name}: {what}", patch, _where_it_shows(kind, step))


def _where_it_shows(kind: str, step: Step) -> frozenset[str]:
    """The step itself, and where one comes from that is given its deadline there or passes through
    it at once."""
    shows, passed = {step.name}, [step.name]
    while passed:
        name = passed.pop()
        for one in SAGAS[kind].values():
            if one.name not in shows and name in _next_steps(one):
                shows.add(one.name)
                if one.at_once:
                    passed.append(one.name)
    if "ACCEPTED" in shows:
        shows.add("DONE")  # the saga is made then, and takes its first step at once
    return frozenset(shows)


def _next_steps(step: Step) -> set[str]:
    reactions = [*step.awaits.values(), *([step.at_once] if step.at_once else [])]
    others = [reaction.otherwise for reaction in reactions if reaction.otherwise]
    return {reaction.then for reaction in (*reactions, *others)}


# Nobody changes to another departure here: see `test_changing_mutants`.
EXPLORED: Final = (Saga.Kind.BUYING, Saga.Kind.CANCELING)


def rows() -> Iterator[Mutant]:
    """Every row of the tables: without it, and without each thing that it does."""
    for kind in EXPLORED:
        for step in SAGAS[kind].values():
            yield from of_step(kind, step)


def of_step(kind: str, step: Step) -> Iterator[Mutant]:
    """A step without each of its rows, and without each thing that they do."""
    for signal, reaction in step.awaits.items():
        yield _row(kind, step, f"does not wait for {signal.__name__}", _without(step, signal))
        for what, less in _lesser(reaction):
            instead = replace(step, awaits={**step.awaits, signal: less})
            yield _row(kind, step, f"on {signal.__name__} {what}", instead)
    if step.at_once:
        for what, less in _lesser(step.at_once):
            yield _row(kind, step, what, replace(step, at_once=less))
    if step.patience:
        yield _row(kind, step, "has no deadline", replace(step, patience=None))
    if step.keeps_card:
        yield _row(kind, step, "forgets the card", replace(step, keeps_card=False))
    if any(one.keeps_card and step.name in _next_of(one) for one in SAGAS[kind].values()):
        yield _row(kind, step, "remembers the card", replace(step, keeps_card=not step.keeps_card))
    for event in sorted(step.notes, key=lambda event: event.__name__):
        instead = replace(step, notes=step.notes - {event})
        yield _row(kind, step, f"does not note {event.__name__}", instead)


def _next_of(step: Step) -> set[str]:
    return {reaction.then for reaction in step.awaits.values()} - {step.name}


def _without(step: Step, signal: type) -> Step:
    awaits = {other: reaction for other, reaction in step.awaits.items() if other is not signal}
    return replace(step, awaits=awaits)


def _lesser(reaction: Reaction) -> Iterator[tuple[str, Reaction]]:
    # There is one charge here: after it is given back nothing more is asked for.
    if reaction.asks and reaction.learns is not given_back:
        asked = reaction.asks.__name__.replace("_", " ")
        who = "fare" if reaction.asks is quote else "payment"
        yield f"does not ask {who} to {asked}", replace(reaction, asks=None)
    if reaction.effect and reaction.effect.__qualname__ not in TELLING:
        done = reaction.effect.__name__.replace("_", " ")
        yield f"does not {done}", replace(reaction, effect=None)
    if reaction.once:
        yield "does it each time", replace(reaction, once=())
    if reaction.stuck:
        yield "calls no operator", replace(reaction, stuck=False)


EVERYWHERE: Final = frozenset(name for steps in SAGAS.values() for name in steps)


def _for_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    def change(
        owner: UUID, departure: Any, numbers: Iterable[str], now: Seat.Status, **changes: Any
    ) -> None:
        Seat.objects.filter(status=now, number__in=list(numbers)).update(**changes)

    monkeypatch.setattr(Seat, "_change", change)


GUARDS: Final = [
    Mutant(
        "an answer is about the operation that was asked for",
        without(orchestrator._must_be_its_own, "event.operation_number != asked or ", ""),
        is_credulous=True,
    ),
    Mutant(
        "an answer is about the authorization that was asked for",
        without(
            orchestrator._must_be_its_own, " or of not in (None, saga.authorization_number)", ""
        ),
        is_credulous=True,
    ),
    Mutant(
        "an answer is about the amount that was asked for",
        without(orchestrator._must_be_the_amount, "raise UnexpectedEvent(", "str("),
        is_credulous=True,
    ),
    Mutant(
        "an answer is the reservation's whose saga asked",
        without(reservations._asked, ", reservation=reservation_id"),
        seen_by=test_buying.test_an_answer_in_the_name_of_anothers_saga_is_refused,
    ),
    Mutant(
        "the numbers of operations are stored when they are given",
        without(orchestrator._follow, "reservation.change(now=now)", "pass"),
        steps=EVERYWHERE,
    ),
    Mutant(
        "a deadline's work is one transaction",
        without(deadlines._time_out_all, "@unit_of_work\n"),
        steps=EVERYWHERE,
    ),
    Mutant(
        "a saga is changed as it was read, or not at all",
        without(Saga._changing, ", version=version", ""),
        seen_by=partial(
            test_saga.test_a_saga_that_has_changed_since_it_was_read_is_not_changed,
            {"attempts": 2},
        ),
    ),
    Mutant(
        "a reservation is changed as it was read, or not at all",
        without(Reservation._changing, ", version=version", ""),
        seen_by=test_reservation.test_a_stale_version_loses_though_the_status_is_the_same,
    ),
    Mutant(
        "a seat is sold and freed for its owner only",
        _for_anybody,
        seen_by=partial(
            test_inventory.test_a_seat_given_on_stays_with_its_next_owner, test_inventory.release
        ),
    ),
]
