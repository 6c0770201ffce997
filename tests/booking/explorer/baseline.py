"""The explorations of the real tables that tests begin with: done once for all of them."""

from functools import cache
from typing import Final

import pytest

from tests.booking.explorer.explorer import Bounds, Explorer
from tests.booking.explorer.tables import hasty, install
from tests.booking.explorer.world import World

# Asked for again once: enough to tell a deadline that asks from one that does not.
ATTEMPTS: Final = 2
# Whatever nobody waits for cannot be missed when it is lost: so not both at once.
CASES: Final = (
    Bounds(losses=1, refusals=1, operations=1),
    Bounds(surprises=1, refusals=1, operations=1),
)


@cache
def explored() -> tuple[World, tuple[Explorer, ...]]:
    """A world in which every case was explored, and what was found; needs an empty database."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        install(hasty(ATTEMPTS), monkeypatch)
        world = World()
        explorers = tuple(Explorer(world, bounds) for bounds in CASES)
        for explorer in explorers:
            explorer.run()
    return world, explorers
