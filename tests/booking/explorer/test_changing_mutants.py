"""A row of the changing saga's table that does not take back what was asked of the card is noticed.

Every mutant has a world of its own: with the few that matter most it takes minutes.
"""

import logging
from collections.abc import Iterator
from typing import Final

import pytest
from django.db import connection

from booking.models import Saga
from booking.saga import SAGAS
from tests.booking.explorer.changes import CASES, DEALS, ChangingExplorer, ChangingWorld
from tests.booking.explorer.explorer import Bounds
from tests.booking.explorer.mutants import Mutant, of_step
from tests.booking.explorer.payments import Illegal

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


@pytest.fixture(autouse=True)
def quietly() -> Iterator[None]:
    """What fails on purpose is not told to anybody."""
    if connection.vendor != "sqlite":
        pytest.skip("explored on SQLite")
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def seen(mutant: Mutant, deals: list[str], cases: list[Bounds]) -> str:
    """What the explorer says of a mutant; nothing where it has not noticed."""
    for deal in deals:
        world = ChangingWorld(deal)
        try:
            for bounds in cases:
                ChangingExplorer(world, bounds).run()
        except Illegal as illegal:
            return f"a {deal} change: {str(illegal).partition(' [')[0][:150]}"
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("mutant", [row for row in ROWS if row.what in COMPENSATIONS], ids=str)
def test_the_explorer_sees_that_a_change_is_not_taken_back(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    mutant.patch(monkeypatch)
    what = seen(mutant, [COMPENSATIONS[mutant.what]], [Bounds()])
    assert what, f"{mutant}: nobody has noticed"
    caught.append(f"{mutant}: {what}")


def test_the_compensations_are_rows_of_the_table() -> None:
    assert COMPENSATIONS.keys() <= {row.what for row in ROWS}


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize("mutant", [row for row in ROWS if row.what not in COMPENSATIONS], ids=str)
def test_the_explorer_sees_that_a_row_of_a_change_is_changed(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    mutant.patch(monkeypatch)
    what = seen(mutant, [*DEALS], [Bounds(), *CASES])
    assert what, f"{mutant}: nobody has noticed"
    caught.append(f"{mutant}: {what}")
