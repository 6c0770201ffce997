"""Every interleaving of a change, its payment and a cancelation ends well."""

from collections.abc import Iterable

import pytest
from django.db import connection

from tests.booking.explorer.changes import CASES, DEALS, ChangingExplorer, ChangingWorld
from tests.booking.explorer.explorer import Bounds
from tests.booking.explorer.tables import hasty, install

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]


@pytest.fixture(autouse=True)
def on_sqlite() -> None:
    """Only a database in memory can be taken back thousands of times."""
    if connection.vendor != "sqlite":
        pytest.skip("explored on SQLite; MariaDB has the races")


def explore(deal: str, cases: Iterable[Bounds], told: list[str]) -> None:
    """Every way of a case, which raises where one ends badly."""
    world = ChangingWorld(deal)
    for bounds in cases:
        explorer = ChangingExplorer(world, bounds)
        explorer.run()
        told.append(
            f"{len(explorer.seen):>7} states, {explorer.steps:>7} steps between them, "
            f"{len(explorer.ends):>3} ends: a {deal} change, {bounds}"
        )
        assert len(explorer.ends) > 5


@pytest.mark.parametrize("deal", DEALS)
def test_every_way_of_a_change_ends_well(
    deal: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dearer, a cheaper and an even change; every outcome of the processor, late answers, crashes
    and deadlines, a departure that closes, another customer, and a cancelation at any point."""
    install(hasty(2), monkeypatch)
    explore(deal, [Bounds()], told)


@pytest.mark.slow
@pytest.mark.parametrize("deal", ["cheaper", "even"])
def test_every_way_of_a_change_ends_well_whatever_is_lost_repeated_or_refused(
    deal: str, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dearer change has ten times as many states: it is explored as far as above."""
    install(hasty(2), monkeypatch)
    explore(deal, CASES, told)
