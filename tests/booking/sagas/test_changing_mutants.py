"""Every row of the changing saga's table that is changed is noticed by the tests of the saga."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from typing import Any, Final

import pytest
from django.db import transaction

from booking.saga import SAGAS
from booking.steps.step import Reaction, Step
from tests.booking.explorer.tables import changed, install
from tests.booking.fare import Fare, asked_directly
from tests.booking.sagas import test_changing

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(900)]

KIND: Final = "CHANGING"
TELLING: Final = "tell.<locals>.told"


@dataclass(frozen=True)
class Row:
    """A step with one thing missing."""

    what: str
    instead: Step

    def __str__(self) -> str:
        return f"{self.instead.name}: {self.what}"


def rows() -> Iterator[Row]:
    """Every row: without it, and without each thing that it does."""
    for step in SAGAS[KIND].values():
        for signal, reaction in step.awaits.items():
            less = {other: one for other, one in step.awaits.items() if other is not signal}
            yield Row(f"does not wait for {signal.__name__}", replace(step, awaits=less))
            for what, lesser in lessened(reaction):
                awaits: Mapping[type, Reaction] = {**step.awaits, signal: lesser}
                yield Row(f"on {signal.__name__} {what}", replace(step, awaits=awaits))
        if step.at_once:
            for what, lesser in lessened(step.at_once):
                yield Row(what, replace(step, at_once=lesser))
        if step.patience:
            yield Row("has no deadline", replace(step, patience=None))
        for event in sorted(step.notes, key=lambda event: event.__name__):
            yield Row(f"does not note {event.__name__}", replace(step, notes=step.notes - {event}))


def lessened(reaction: Reaction) -> Iterator[tuple[str, Reaction]]:
    if reaction.asks:
        yield f"does not {reaction.asks.__name__}", replace(reaction, asks=None)
    if reaction.effect and reaction.effect.__qualname__ != TELLING:
        yield f"does not {reaction.effect.__name__}", replace(reaction, effect=None)
    if reaction.learns:
        yield f"does not learn {reaction.learns.__name__}", replace(reaction, learns=None)
    if reaction.where:
        yield f"goes on whether or not {reaction.where.__name__}", replace(reaction, where=None)
    if reaction.otherwise:
        for what, lesser in lessened(reaction.otherwise):
            yield f"otherwise {what}", replace(reaction, otherwise=lesser)
    if reaction.once:
        yield "does it each time", replace(reaction, once=())
    if reaction.stuck:
        yield "calls no operator", replace(reaction, stuck=False)


def every_test() -> Iterator[Callable[[Fare], None]]:
    """The tests of the saga, each with each of its parameters."""
    for name, test in vars(test_changing).items():
        if name.startswith("test_") and "settings" not in signature(test).parameters:
            for values in parameters(test):
                yield partial(called, test, values)


def parameters(test: Any) -> list[dict[str, Any]]:
    """What a test is called with."""
    marks = [one for one in getattr(test, "pytestmark", []) if one.name == "parametrize"]
    return [{marks[0].args[0]: value} for value in marks[0].args[1]] if marks else [{}]


def called(test: Any, values: dict[str, Any], fare: Fare) -> None:
    """Run it, and leave nothing behind."""
    given = {"fare": fare} if "fare" in signature(test).parameters else {}
    with transaction.atomic():
        test(**values, **given)
        transaction.set_rollback(True)


def seen(monkeypatch: pytest.MonkeyPatch) -> str:
    """What fails first, if anything does."""
    for test in every_test():
        fare = Fare()
        asked_directly(fare, monkeypatch)
        try:
            test(fare)
        except Exception as error:
            return f"{test.args[0].__name__}: {error!r}"  # type: ignore[attr-defined]
    return ""


def test_the_tests_of_the_saga_pass_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seen(monkeypatch) == ""


@pytest.mark.parametrize("row", list(rows()), ids=str)
def test_a_row_that_is_changed_is_noticed(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(kind: str, step: Step) -> Step:
        return row.instead if (kind, step.name) == (KIND, row.instead.name) else step

    install(changed(SAGAS, change), monkeypatch)
    assert seen(monkeypatch), f"{row}: nobody has noticed"
