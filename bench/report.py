"""A benchmark's table: every figure beside what it must reach and what limits it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

LIMIT_MAY_MISS: Final = 0.30
DISTURBED: Final = 0.2  # cores


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What a figure must reach.

    Args:
        value: the bound, in the figure's unit.
        at_most: whether it is an upper bound.
    """

    value: float
    at_most: bool = False

    def allows(self, value: float) -> bool:
        """Whether a figure keeps to it."""
        return value <= self.value if self.at_most else value >= self.value

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {number(self.value)}"


@dataclass(kw_only=True)
class Figure:
    """One row of the table: the median of its rounds.

    Args:
        name: what is measured.
        unit: its unit.
        rounds: what each round gave.
        bound: what the median must reach.
        beside: the limit or baseline of the same rounds, measured in turn with them.
        beside_name: what that is.
        ratio: what the median of the rounds' ratios, figure to limit, must reach.
        known: the limit's figure on a like machine, if there is one.
        notes: what else was seen, such as processor seconds by process.
        excuse: the evidence of what saturates, which stands in for the bound.
        remark: what is to be known beside it.
    """

    name: str
    unit: str
    rounds: Sequence[float]
    bound: Bound | None = None
    beside: Sequence[float] = ()
    beside_name: str = ""
    ratio: Bound | None = None
    known: Bound | None = None
    notes: Mapping[str, object] = field(default_factory=dict)
    excuse: str = ""
    remark: str = ""

    @property
    def value(self) -> float:
        """The median."""
        return median(self.rounds)

    @property
    def limit(self) -> float | None:
        """The limit's median."""
        return median(self.beside) if self.beside else None

    @property
    def share(self) -> float | None:
        """The median of the rounds' ratios: what disturbs a round disturbs both of its sides."""
        if not self.beside:
            return None
        return median(a / b for a, b in zip(self.rounds, self.beside, strict=True))

    @property
    def is_limit_suspect(self) -> bool:
        """Whether the limit is off by more than 30 %: then the ratio to it says little."""
        if self.known is None or self.limit is None:
            return False
        slack = 1 + LIMIT_MAY_MISS if self.known.at_most else 1 - LIMIT_MAY_MISS
        return not Bound(value=self.known.value * slack, at_most=self.known.at_most).allows(
            self.limit
        )

    @property
    def disturbed(self) -> float:
        """Cores that processes of others kept busy meanwhile."""
        cores = self.notes.get("cores")
        return float(cores["others"]) if isinstance(cores, dict) else 0.0

    @property
    def is_met(self) -> bool:
        """Whether it reaches what it must, or shows what keeps it from that."""
        if self.excuse:
            return True
        value = self.bound is None or self.bound.allows(self.value)
        share = self.ratio is None or (self.share is not None and self.ratio.allows(self.share))
        return value and share

    def as_dict(self) -> dict[str, object]:
        """The row for the results file."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.value,
            "rounds": list(self.rounds),
            "must_reach": str(self.bound) if self.bound else None,
            "limit_name": self.beside_name,
            "limit": self.limit,
            "limit_rounds": list(self.beside),
            "ratio": self.share,
            "ratio_must_reach": str(self.ratio) if self.ratio else None,
            "limit_suspect": self.is_limit_suspect,
            "met": self.is_met,
            "excuse": self.excuse,
            "remark": self.remark,
            **self.notes,
        }


def measured(row: Mapping[str, Any]) -> Figure:
    """The figure that was written into a results file, with the processors of its notes.

    Args:
        row: what `Figure.as_dict` has given.
    """
    return Figure(
        name=row["name"],
        unit=row["unit"],
        rounds=row["rounds"],
        bound=_bound(row["must_reach"]),
        beside=row["limit_rounds"],
        beside_name=row["limit_name"],
        ratio=_bound(row["ratio_must_reach"]),
        notes={"cores": row["cores"]} if "cores" in row else {},
    )


def _bound(told: str | None) -> Bound | None:
    if told is None:
        return None
    sign, value = told.split()
    return Bound(value=float(value.replace(",", "")), at_most=sign == "≤")


def number(value: float) -> str:
    """A figure as people read it: three significant digits and no more."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(figures: Sequence[Figure]) -> str:
    """All rows, one a line."""
    head = f"{'':<7} {'figure':<42} {'median':>14} {'must':>9}"
    lines = [f"{head}   {'limit or baseline':<34} {'ratio':>6}"]
    lines += [_line(figure) for figure in figures]
    return "\n".join(lines)


def _line(figure: Figure) -> str:
    word = "ok" if figure.is_met else "MISSED"
    value = f"{number(figure.value)} {figure.unit}"
    limit = f"{figure.beside_name} {number(figure.limit)}" if figure.limit is not None else ""
    share = f"{figure.share:.2f}" if figure.share is not None else ""
    must = str(figure.bound or "")
    line = f"{word:<7} {figure.name:<42} {value:>14} {must:>9}   {limit:<34} {share:>6}"
    if figure.ratio:
        line += f"  (must be {figure.ratio})"
    if figure.is_limit_suspect:
        line += f"  limit suspect: {figure.known} is known"
    if figure.disturbed > DISTURBED:
        line += f"\n        not a quiet machine: others kept {figure.disturbed:.2f} cores busy"
    if figure.excuse:
        line += f"\n        {figure.excuse}"
    if figure.remark:
        line += f"\n        {figure.remark}"
    return line


def write(folder: Path, name: str, facts: Mapping[str, object], figures: Sequence[Figure]) -> Path:
    """Write the results as JSON; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    results = {**facts, "figures": [figure.as_dict() for figure in figures]}
    file.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    return file
