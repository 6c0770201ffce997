"""Checks a fare file as a whole, against itself and what is there, and loads it: all or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError

from fare.loading import lines
from fare.loading.lines import BadLine, FareLine
from fare.models import Airport, Blackout, Edition, Fare, FareFamily
from outbox.transactions import LostRace, unit_of_work

ROWS_PER_INSERT: Final = 500

Key = tuple[str, str, str, str]


class BadFares(Exception):
    """A fare file that cannot be loaded; nothing of it has been."""

    def __init__(self, found: Iterable[BadLine]) -> None:
        self.lines = sorted(found)
        super().__init__(f"{len(self.lines)} lines cannot be loaded")


@dataclass(frozen=True)
class Loaded:
    """What a file has brought: new fares, changed ones, and those that were so before."""

    new: int
    changed: int
    unchanged: int


def load_fares(*, content: bytes) -> Loaded:
    """Add the fares of a file; a fare that is there becomes what the file says.

    A fare is known by its market, cabin and fare basis. Fares that are not in the file stay as they
    are: the same file can be loaded again.

    Args:
        content: CSV, in UTF-8.

    Raises:
        BadFares: with every line that cannot be loaded, and why.
    """
    return _load(_read(content))


def _read(content: bytes) -> list[FareLine | BadLine]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [BadLine(content[: error.start].count(b"\n") + 1, "this is not UTF-8")]
    return list(lines.read(text))


@unit_of_work
def _load(read: list[FareLine | BadLine]) -> Loaded:
    tariff = _Tariff()
    bad = [line if isinstance(line, BadLine) else tariff.add(line) for line in read]
    if any(bad):
        raise BadFares(line for line in bad if line)
    try:
        tariff.save()
    except IntegrityError as error:
        raise LostRace("fares are being loaded by somebody else") from error
    return Loaded(len(tariff.new), len(tariff.changed), tariff.unchanged)


class _Tariff:
    """What is there, and what the lines so far add to it."""

    def __init__(self) -> None:
        self.airports = set(Airport.objects.values_list("pk", flat=True))
        self.families = set(FareFamily.objects.values_list("pk", flat=True))
        self.fares = {_key(fare): fare for fare in Fare.objects.prefetch_related("blackouts")}
        self.new: list[tuple[Fare, FareLine]] = []
        self.changed: list[tuple[Fare, FareLine]] = []
        self.unchanged = 0
        self._lines: dict[Key, int] = {}

    def add(self, line: FareLine) -> BadLine | None:
        """Add a line to what is to be saved, or say what is wrong with it."""
        wanted = Fare(**line.columns)
        if reason := self._unknown(wanted) or self._repeated(wanted, line.line):
            return BadLine(line.line, reason)
        known = self.fares.get(_key(wanted))
        if known is None:
            self.new.append((wanted, line))
        elif _is_same(known, line):
            self.unchanged += 1
        else:
            wanted.pk = known.pk
            self.changed.append((wanted, line))
        return None

    def save(self) -> None:
        """Write what is new and what has changed."""
        if not (self.new or self.changed):
            return
        Edition.begin()
        for fare, _ in self.changed:
            fare.save(force_update=True)
        Blackout.objects.filter(fare__in=[fare for fare, _ in self.changed]).delete()
        Fare.objects.bulk_create([fare for fare, _ in self.new], ROWS_PER_INSERT)
        Blackout.objects.bulk_create(
            [
                Blackout(fare=fare, first=first, last=last)
                for fare, line in (*self.changed, *self.new)
                for first, last in line.blackouts
            ],
            ROWS_PER_INSERT,
        )

    def _unknown(self, fare: Fare) -> str:
        unknown = [
            f"there is no airport {code}"
            for code in (fare.origin_id, fare.destination_id)
            if code not in self.airports
        ]
        if fare.family_id not in self.families:
            unknown.append(f"there is no fare family {fare.family_id}")
        return "; ".join(unknown)

    def _repeated(self, fare: Fare, line: int) -> str:
        first = self._lines.setdefault(_key(fare), line)
        return "" if first == line else f"this is the fare of line {first} again"


def _key(fare: Fare) -> Key:
    return fare.origin_id, fare.destination_id, fare.cabin, fare.basis


def _is_same(fare: Fare, line: FareLine) -> bool:
    blackouts = {(one.first, one.last) for one in fare.blackouts.all()}
    return blackouts == set(line.blackouts) and all(
        getattr(fare, name) == value for name, value in line.columns.items()
    )
