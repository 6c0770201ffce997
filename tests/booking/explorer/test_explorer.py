"""Every interleaving of a small case ends well."""

import pytest
from django.db import connection

from booking.saga import PATIENCE
from tests.booking.explorer.baseline import explored
from tests.booking.explorer.explorer import Bounds, Explorer
from tests.booking.explorer.tables import hasty, install
from tests.booking.explorer.world import World

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),
]
SAMPLE = 60


@pytest.fixture(autouse=True)
def on_sqlite() -> None:
    """Only a database in memory can be taken back thousands of times."""
    if connection.vendor != "sqlite":
        pytest.skip("explored on SQLite; MariaDB has the races")


def said(explorer: Explorer) -> str:
    return (
        f"{len(explorer.seen):>7} states, {explorer.steps:>7} steps between them, "
        f"{len(explorer.ends):>3} ends, {len(explorer.world.known()):>4} states of booking: "
        f"{explorer.bounds}"
    )


def test_every_way_of_a_small_case_ends_well(told: list[str]) -> None:
    """One seat and two customers; duplicates, late answers, crashes, deadlines and a cancelation at
    any point, every outcome of the processor, and something of everything that goes wrong."""
    _, explorers = explored()
    told += [said(explorer) for explorer in explorers]
    assert all(len(explorer.ends) > 20 for explorer in explorers)


def test_every_step_of_the_saga_is_come_to() -> None:
    world, _ = explored()
    seen = {(saga.kind, saga.step) for state in world.known() for saga in state.sagas}
    assert seen == {
        ("BUYING", "HOLDING"),
        ("BUYING", "QUOTING"),
        ("BUYING", "AUTHORIZING"),
        ("BUYING", "CAPTURING"),
        ("BUYING", "WITHDRAWING"),
        ("BUYING", "VOIDING"),
        ("BUYING", "REFUNDING"),
        ("BUYING", "DONE"),
        ("BUYING", "COMPENSATED"),
        ("CANCELING", "REFUNDING"),
        ("CANCELING", "COMPENSATED"),
    }


def test_what_is_remembered_is_what_happens_however_a_state_was_come_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, _ = explored()
    install(hasty(2), monkeypatch)
    assert list(world.misremembered(sample=SAMPLE)) == []


def test_no_state_believes_a_forged_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    world, _ = explored()
    install(hasty(2), monkeypatch)
    assert [forged for state in world.known() for forged in world.believed(state)] == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("attempts", "bounds"),
    [
        (2, Bounds(losses=2, refusals=1, operations=2)),
        (2, Bounds(surprises=2, operations=1)),
        (PATIENCE.attempts, Bounds(losses=1)),
    ],
    ids=["more is lost", "more surprises", "as often as it is really asked"],
)
def test_every_way_of_a_larger_case_ends_well(
    attempts: int, bounds: Bounds, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(hasty(attempts), monkeypatch)
    explorer = Explorer(World(), bounds)
    explorer.run()
    told.append(said(explorer))
    assert list(explorer.world.misremembered(sample=10 * SAMPLE)) == []
