"""Every row of the saga that is changed, and every guard that is switched off, is noticed."""

import logging
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import pytest
from django.db import connection

from tests.booking.explorer.baseline import CASES, explored
from tests.booking.explorer.explorer import Bounds, Explorer
from tests.booking.explorer.mutants import GUARDS, Mutant, rows
from tests.booking.explorer.payments import Illegal
from tests.booking.explorer.world import World
from tests.booking.sagas import test_undoing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
ROWS = list(rows())
# Small cases first: most is seen in one of them. What is noted only after two surprises comes last.
SMALLER = (Bounds(), Bounds(losses=1, operations=1), Bounds(surprises=1))
LAST = (Bounds(surprises=2),)
# Compensations and deadlines; but those that only show late in a reservation's life take longer.
LATE = ("COMPENSATED", "Retry")
FAST = (
    "to quote",
    "the card",
    "to void",
    "to refund",
    "to capture",
    "to authorize",
    "no deadline",
    "for TimeOut",
)


def is_fast(mutant: Mutant) -> bool:
    return mutant.what.endswith(FAST) and not any(term in mutant.what for term in LATE)


# What only the timeline would tell twice: the test that notices.
SEEN_BY: Final[Mapping[str, Callable[[], None]]] = MappingProxyType(
    {
        "BUYING COMPENSATED: on PaymentCaptured does it each time": (
            test_undoing.test_a_charge_that_is_told_again_is_refunded_once
        ),
        "BUYING COMPENSATED: on PaymentVoidFailed does it each time": (
            test_undoing.test_a_void_whose_refusal_is_told_again_is_refunded_once
        ),
    }
)
OTHERS = [row for row in ROWS if not is_fast(row) and row.what not in SEEN_BY]


@pytest.fixture(autouse=True)
def quietly() -> Iterator[None]:
    """What fails on purpose is not told to anybody."""
    if connection.vendor != "sqlite":
        pytest.skip("explored on SQLite")
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def by_the_explorer(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the explorer says of a mutant; nothing where it has not noticed."""
    world, _ = explored()
    mutant.patch(monkeypatch)
    world = world.but(mutant.steps, dies=mutant in GUARDS)
    # Nobody lies on any way: to go all of them first would only take its time.
    return ("" if mutant.is_credulous else on_its_ways(world)) or by_its_lies(world)


def on_its_ways(world: World) -> str:
    """What is seen when everything that may happen does."""
    try:
        for bounds in (*SMALLER, *CASES, *LAST):
            Explorer(world, bounds).run()
    except Illegal as illegal:
        return f"{world.runs:>4} runs, {str(illegal).partition(' [')[0][:150]}"
    return ""


def by_its_lies(world: World) -> str:
    """What is seen when answers are forged."""
    believed = [forged for state in world.known() for forged in world.believed(state)]
    return f"{len(believed)} forged answers are believed" if believed else ""


def check(mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]) -> None:
    seen = by_the_explorer(mutant, monkeypatch)
    assert seen, f"{mutant}: nobody has noticed"
    caught.append(f"{mutant}: {seen}")


@pytest.mark.parametrize("mutant", [row for row in ROWS if is_fast(row)], ids=str)
def test_the_explorer_sees_that_a_compensation_or_a_deadline_is_gone(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    check(mutant, monkeypatch, caught)


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("mutant", OTHERS, ids=str)
def test_the_explorer_sees_that_a_row_is_changed(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    check(mutant, monkeypatch, caught)


@pytest.mark.parametrize("mutant", [row for row in ROWS if row.what in SEEN_BY], ids=str)
def test_a_test_sees_that_a_row_is_changed(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    mutant.patch(monkeypatch)
    with pytest.raises(AssertionError):
        SEEN_BY[mutant.what]()
    caught.append(f"{mutant}: {SEEN_BY[mutant.what].__name__}")


@pytest.mark.parametrize("mutant", [guard for guard in GUARDS if not guard.seen_by], ids=str)
def test_the_explorer_sees_that_a_guard_is_off(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    check(mutant, monkeypatch, caught)


@pytest.mark.parametrize("mutant", [guard for guard in GUARDS if guard.seen_by], ids=str)
def test_a_test_sees_that_a_guard_is_off(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    assert mutant.seen_by is not None
    mutant.patch(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        mutant.seen_by()
    test = getattr(mutant.seen_by, "func", mutant.seen_by)
    caught.append(f"{mutant}: {test.__name__}")
