"""Which free seats to choose: pure functions over seat numbers such as "12A"."""

from collections.abc import Iterable
from typing import Final

# In the order of the aircraft's width; I is taken for 1.
LETTERS: Final = "ABCDEFGHJK"

Place = tuple[int, int]


def place(number: str) -> Place:
    """Where a seat is: its row, and its letter's place in the row."""
    return int(number[:-1]), LETTERS.index(number[-1])


def best_choices(free: Iterable[str], count: int) -> list[list[str]]:
    """The best seats for a group: side by side, else in one row, else in rows as near as can be.

    Whatever rows the best choice spans, the free seats next to each other in the order of the
    aircraft span no more, so only these are compared.

    Args:
        free: the numbers of the seats there are, each once, in any order.
        count: how many are wanted, at least 1.

    Returns:
        The choices that are equally close together, from front to back, as is each; no two share a
        seat. None where there are not enough seats.
    """
    ordered = sorted(free, key=place)
    groups = [ordered[start : start + count] for start in range(len(ordered) - count + 1)]
    closest = min(map(_looseness, groups), default=None)
    choices: list[list[str]] = []
    for group in groups:
        shares = choices and place(group[0]) <= place(choices[-1][-1])
        if _looseness(group) == closest and not shares:
            choices.append(group)
    return choices


def _looseness(seats: list[str]) -> tuple[int, int]:
    """How far apart seats are, in rows, then within the row."""
    first, last = place(seats[0]), place(seats[-1])
    rows = last[0] - first[0]
    return rows, last[1] - first[1] if rows == 0 else 0


def nearest_seats(free: Iterable[str], to: str, *, limit: int) -> list[str]:
    """The free seats nearest to a seat, by rows, then within the row; at most `limit`."""
    row, letter = place(to)

    def distance(number: str) -> tuple[int, int, Place]:
        there = place(number)
        return abs(there[0] - row), abs(there[1] - letter), there

    return sorted(free, key=distance)[:limit]
