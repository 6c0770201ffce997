"""The moments of reservations on their way, and the time between them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from bench.rounds import percentile

# In their order: each waits for the one before it.
WAY: Final = (
    "due",
    "request written",
    "request published",
    "recorded by payment",
    "processor answered",
    "answer written",
    "answer published",
    "applied by booking",
    "CONFIRMED",
)
STEPS: Final = tuple(pairwise(WAY))
# Beside the way, or after it.
OTHERS: Final = ("POST answered", "confirmation published", "captured", "ticketed")

# Seconds since 1970 by moment.
Passage = Mapping[str, float]


class Incomplete(Exception):
    """A reservation's way lacks a moment: nothing can be said of where its time went."""


def complete(passage: Passage) -> Passage:
    """The passage, if it has every moment.

    Raises:
        Incomplete: it lacks some.
    """
    if missing := [moment for moment in (*WAY, *OTHERS) if moment not in passage]:
        raise Incomplete(f"not seen or written: {', '.join(missing)}")
    return passage


def between(passages: Sequence[Passage], earlier: str, later: str) -> list[float]:
    """Milliseconds from one moment to another, of each."""
    return [1000 * (passage[later] - passage[earlier]) for passage in passages]


def lines(passages: Sequence[Passage]) -> list[str]:
    """A round for a person: when each moment came, since a reservation was due, and what the step
    to it took."""
    said = [f"{'':<24} {'since due: p50':>14} {'p99':>7}   {'step: p50':>9} {'p99':>7}"]
    for earlier, later in STEPS:
        since, step = between(passages, "due", later), between(passages, earlier, later)
        said.append(
            f"{_of(later, since)}   {percentile(step, 50):>9.1f} {percentile(step, 99):>7.1f}"
        )
    said += [_of(moment, between(passages, "due", moment)) for moment in OTHERS]
    return said


def _of(moment: str, since: list[float]) -> str:
    return f"{moment:<24} {percentile(since, 50):>14.1f} {percentile(since, 99):>7.1f}"
