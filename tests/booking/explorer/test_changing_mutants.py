"""A row of the changing saga's table that does not take back what was asked of the card is noticed.

Every mutant has a world of its own: with the few that matter most it takes minutes.
"""

import logging
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, cast

import pytest
from django.db import connection

from booking.models import Saga
from booking.saga import SAGAS
from tests.booking.explorer.baseline import ATTEMPTS
from tests.booking.explorer.changes import CASES, ChangingExplorer, ChangingWorld
from tests.booking.explorer.explorer import Bounds
from tests.booking.explorer.mutants import Mutant, of_step
from tests.booking.explorer.payments import Illegal
from tests.booking.explorer.tables import hasty, install

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

ROWS: Final = [
    row for step in SAGAS[Saga.Kind.CHANGING].values() for row in of_step(Saga.Kind.CHANGING, step)
]
# The compensations of what may be charged for: each by the deal in which it has something to do.
COMPENSATIONS: Final = {
    "CHANGING AUTHORIZING: on TimeOut does not ask payment to void": "dearer",
    "CHANGING CAPTURING: on PaymentCaptureFailed does not ask payment to void": "dearer",
    "CHANGING SWAPPING: does not ask payment to refund": "cheaper",
}
# What cannot be missed: some answers come to no change (the steps are those of other sagas, too, and a
# change that gives something back has asked for no charge), and some only after more surprises than
# are explored. Of a cancelation that is replaced by another booking's own tests tell.
UNSEEN: Final = {
    "CHANGING WITHDRAWING: does not wait for Cancel",
    "CHANGING WITHDRAWING: does not note FareQuoted",
    "CHANGING VOIDING: does not note FareQuoted",
    "CHANGING REFUNDING: does not note FareQuoted",
    "CHANGING REFUNDING: does not note PaymentCaptureFailed",
    "CHANGING REFUNDING: does not note PaymentVoided",
    "CHANGING RETURNING: does not note PaymentAuthorized",
    "CHANGING RETURNING: does not note PaymentCaptured",
}
OTHERS: Final = [row for row in ROWS if row.what not in {*COMPENSATIONS, *UNSEEN}]
# Small cases first: most is seen in one of them.
BY_SIZE: Final = [
    *((deal, Bounds()) for deal in ("even", "cheaper", "dearer")),
    *((deal, bounds) for deal in ("even", "cheaper", "dearer") for bounds in CASES),
]


@pytest.fixture(autouse=True)
def quietly() -> Iterator[None]:
    """What fails on purpose is not told to anybody."""
    if connection.vendor != "sqlite":
        pytest.skip("explored on SQLite")
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@cache
def explored(deal: str) -> ChangingWorld:
    """A world in which a change was explored by the real tables; needs an empty database."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        install(hasty(ATTEMPTS), monkeypatch)
        world = ChangingWorld(deal)
        for of, bounds in BY_SIZE:
            if of == deal:
                ChangingExplorer(world, bounds).run()
    return world


def seen(mutant: Mutant, cases: Iterable[tuple[str, Bounds]]) -> str:
    """What the explorer says of a mutant; nothing where it has not noticed. What it does at other
    steps than the mutant's is known."""
    nothing = connection.connection.serialize()
    worlds: dict[str, ChangingWorld] = {}
    for deal, bounds in cases:
        if deal not in worlds:
            connection.connection.deserialize(nothing)
            worlds[deal] = cast("ChangingWorld", explored(deal).but(mutant.steps, dies=False))
        try:
            ChangingExplorer(worlds[deal], bounds).run()
        except Illegal as illegal:
            return f"a {deal} change: {str(illegal).partition(' [')[0][:150]}"
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("mutant", [row for row in ROWS if row.what in COMPENSATIONS], ids=str)
def test_the_explorer_sees_that_a_change_is_not_taken_back(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    mutant.patch(monkeypatch)
    what = seen(mutant, [(COMPENSATIONS[mutant.what], Bounds())])
    assert what, f"{mutant}: nobody has noticed"
    caught.append(f"{mutant}: {what}")


def test_the_compensations_are_rows_of_the_table() -> None:
    assert {*COMPENSATIONS, *UNSEEN} <= {row.what for row in ROWS}


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("mutant", OTHERS, ids=str)
def test_the_explorer_sees_that_a_row_of_a_change_is_changed(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    mutant.patch(monkeypatch)
    what = seen(mutant, BY_SIZE)
    assert what, f"{mutant}: nobody has noticed"
    caught.append(f"{mutant}: {what}")
