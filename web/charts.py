"""Charts as the pages draw them: shapes in the units of an SVG, made here, so that they need no
script and no style in an element."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 200
AXIS: Final = 24  # below the bars, for the times
LEFT: Final = 44  # beside them, for the figures
TOP: Final = 12  # above, for half a figure
GAP: Final = 6
# From the foot of a bar to its top.
ORDER: Final = ("CONFIRMED", "PENDING", "CANCELED", "REJECTED", "EXPIRED")


@dataclass(frozen=True)
class Part:
    """A part of a bar: so many of one status."""

    status: str
    count: int
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """A minute. `counts` are in the order of the chart's statuses."""

    at: datetime
    x: float
    width: float
    parts: tuple[Part, ...]
    counts: tuple[int, ...]

    @property
    def middle(self) -> float:
        """Where its time is written."""
        return self.x + self.width / 2

    @property
    def total(self) -> int:
        """How many there are of all."""
        return sum(part.count for part in self.parts)


@dataclass(frozen=True)
class Line:
    """A figure at the side, and its line across."""

    figure: int
    y: float


@dataclass(frozen=True)
class Chart:
    """Bars by the minute, the oldest first."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    statuses: tuple[str, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    foot: int = HEIGHT - AXIS

    @property
    def total(self) -> int:
        """How many there are of all."""
        return sum(bar.total for bar in self.bars)


def by_minute(minutes: Sequence[tuple[datetime, dict[str, int]]]) -> Chart:
    """The chart of counts by status.

    Args:
        minutes: when each begins, and how many there are of each status.
    """
    top = _round_up(max((sum(counts.values()) for _, counts in minutes), default=0))
    found = {status for _, counts in minutes for status, count in counts.items() if count}
    statuses = tuple(name for name in ORDER if name in found)
    step = (WIDTH - LEFT) / max(1, len(minutes))
    bars = tuple(
        Bar(
            at=at,
            x=round(LEFT + number * step + GAP / 2, 1),
            width=round(step - GAP, 1),
            parts=tuple(_parts(counts, top)),
            counts=tuple(counts.get(status, 0) for status in statuses),
        )
        for number, (at, counts) in enumerate(minutes)
    )
    lines = tuple(Line(figure, _y(figure, top)) for figure in (0, top // 2, top))
    return Chart(bars=bars, lines=lines, statuses=statuses)


def _parts(counts: dict[str, int], top: int) -> Iterator[Part]:
    below = 0
    for status in ORDER:
        if count := counts.get(status, 0):
            high, low = _y(below + count, top), _y(below, top)
            yield Part(status=status, count=count, y=high, height=round(low - high, 1))
            below += count


def _y(figure: int, top: int) -> float:
    """How far down a figure is."""
    space = HEIGHT - AXIS - TOP
    return round(HEIGHT - AXIS - space * figure / top, 1)


def _round_up(most: int) -> int:
    """The least round figure that nothing exceeds: 2, 4, 10, 20, 40, 100 and so on."""
    top, factors = 2, cycle((2.0, 2.5, 2.0))
    while top < most:
        top = round(top * next(factors))
    return top
