"""A row of the changing saga's table that does not take back what was asked of the card is noticed.

The few that matter most are in the slow tests; all of them take most of an hour.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final, cast

import pytest
from django.db import connection

from booking.models import Saga
from booking.orchestrator import UnexpectedEvent
from booking.saga import SAGAS
from outbox.transactions import LostRace
from tests.booking.explorer.baseline import ATTEMPTS
from tests.booking.explorer.changes import CASES, ChangingExplorer, ChangingWorld
from tests.booking.explorer.explorer import Bounds
from tests.booking.explorer.mutants import Mutant, of_step
from tests.booking.explorer.payments import Illegal
from tests.booking.explorer.tables import hasty, install
from tests.booking.fare import Fare, asked_directly
from tests.booking.sagas import test_changing as changing

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
# What the explorer comes to only after more surprises than it explores, or not at all, since a
# cancelation waits there already, or somebody has settled it by hand: the test that notices.
SEEN_BY: Final[Mapping[str, Callable[[], None]]] = MappingProxyType(
    {
        "CHANGING WITHDRAWING: does not wait for Cancel": (
            changing.test_a_cancelation_that_waits_for_the_charge_gives_way_to_that_of_the_departure
        ),
        "CHANGING REFUNDING: on PaymentRefundFailed does not ask payment to nothing more": (
            changing.test_a_refund_that_was_refused_is_tried_again_as_another_operation
        ),
        "CHANGING DONE: does not note PaymentRefundFailed": (
            changing.test_a_refusal_that_is_told_again_after_it_was_settled_by_hand_changes_nothing
        ),
        "CHANGING COMPENSATED: on PaymentAuthorized does it each time": (
            changing.test_what_is_authorized_after_a_refusal_is_given_up_once_however_often_it_is_told
        ),
        "CHANGING COMPENSATED: on PaymentVoidFailed does not ask payment to refund": (
            changing.test_what_is_authorized_after_a_refusal_is_given_up_once_however_often_it_is_told
        ),
        "CHANGING COMPENSATED: on PaymentVoidFailed does it each time": (
            changing.test_what_is_authorized_after_a_refusal_is_given_up_once_however_often_it_is_told
        ),
        "CHANGING COMPENSATED: on PaymentCaptured does it each time": (
            changing.test_what_is_charged_after_a_refusal_is_given_back_once_however_often_it_is_told
        ),
    }
)
# What nothing needs: these answers come to no change there. The steps are those of other sagas,
# too; a change that gives something back has asked for no charge; and a refund comes last.
NEVER: Final = {
    "CHANGING WITHDRAWING: does not note FareQuoted",
    "CHANGING VOIDING: does not note FareQuoted",
    "CHANGING REFUNDING: does not note FareQuoted",
    "CHANGING REFUNDING: does not note PaymentCaptureFailed",
    "CHANGING REFUNDING: does not note PaymentVoided",
    "CHANGING RETURNING: does not note PaymentAuthorized",
    "CHANGING RETURNING: does not note PaymentCaptured",
}
OTHERS: Final = [row for row in ROWS if row.what not in {*COMPENSATIONS, *SEEN_BY, *NEVER}]
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
def explored(deal: str, cases: tuple[Bounds, ...]) -> ChangingWorld:
    """A world in which a change was explored by the real tables; needs an empty database."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        install(hasty(ATTEMPTS), monkeypatch)
        world = ChangingWorld(deal)
        for bounds in cases:
            ChangingExplorer(world, bounds).run()
    return world


def seen(mutant: Mutant, cases: Sequence[tuple[str, Bounds]]) -> str:
    """What the explorer says of a mutant; nothing where it has not noticed. What it does at other
    steps than the mutant's is known."""
    nothing = connection.connection.serialize()
    worlds: dict[str, ChangingWorld] = {}
    for deal, bounds in cases:
        if deal not in worlds:
            connection.connection.deserialize(nothing)
            known = explored(deal, tuple(case for of, case in cases if of == deal))
            worlds[deal] = cast("ChangingWorld", known.but(mutant.steps, dies=False))
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


def test_what_is_named_are_rows_of_the_table() -> None:
    assert {*COMPENSATIONS, *SEEN_BY, *NEVER} <= {row.what for row in ROWS}


@pytest.mark.parametrize("mutant", [row for row in ROWS if row.what in SEEN_BY], ids=str)
def test_a_test_sees_that_a_row_of_a_change_is_changed(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, caught: list[str]
) -> None:
    mutant.patch(monkeypatch)
    asked_directly(Fare(), monkeypatch)
    with pytest.raises((AssertionError, UnexpectedEvent, LostRace)):
        SEEN_BY[mutant.what]()
    caught.append(f"{mutant}: {SEEN_BY[mutant.what].__name__}")


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
