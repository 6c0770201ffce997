"""The saga's tables with something changed, in place of the real ones."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import pytest

from booking.saga import SAGAS
from booking.steps.step import Step

Tables = Mapping[str, Mapping[str, Step]]

# The table, and where the engine has it from.
PLACES: Final = ("booking.orchestrator.SAGAS", "booking.saga.SAGAS")


def install(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the engine run these."""
    for place in PLACES:
        monkeypatch.setattr(place, tables)


def changed(tables: Tables, change: Callable[[str, Step], Step]) -> Tables:
    """The tables with every step changed, by its saga's kind and itself."""
    return {
        kind: {name: change(kind, step) for name, step in steps.items()}
        for kind, steps in tables.items()
    }


def hasty(attempts: int) -> Tables:
    """The real tables, but that a step asks so many times only: what is asked eight times differs
    in nothing but its count."""

    def with_fewer(kind: str, step: Step) -> Step:
        if step.patience is None:
            return step
        return replace(step, patience=replace(step.patience, attempts=attempts))

    return changed(SAGAS, with_fewer)
