"""What a line of a schedule says, whatever the file's format, and how its fields are read.

A field's reader returns the value, or raises ValueError with what the field must be.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Final

from contracts.values import LARGEST

TWO_DIGITS: Final = re.compile(r"[0-9]{2}")


@dataclass(frozen=True)
class Leg:
    """One line: a flight on some days of the week, between two dates, at local times.

    `valid_to` is none until further notice; `arrival_day_offset` is how many days after the
    departure's date the arrival's is. A line need not give prices. `offsets` are the minutes that
    local times are ahead of UTC at both ends, where the file says so.
    """

    line: int
    carrier: str
    number: int
    origin: str
    destination: str
    valid_from: date
    valid_to: date | None
    days: str
    departure_time: time
    arrival_time: time
    arrival_day_offset: int
    aircraft_type: str
    prices: Mapping[str, int] = field(default_factory=dict)
    currency: str | None = None
    offsets: tuple[int, int] | None = None


@dataclass(frozen=True, order=True)
class BadLine:
    """A line that cannot be loaded, by its number from 1, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class Fields:
    """Reads the fields of one line, and keeps what is wrong with each."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.values: dict[str, Any] = {}
        self.reasons: list[str] = []

    def read(self, name: str, text: str, reader: Callable[[str], Any]) -> None:
        """Read a field; a wrong one is named with what it is and what it must be."""
        try:
            self.values[name] = reader(text)
        except ValueError as error:
            self.reasons.append(f"{name.replace('_', ' ')} {text[:40]!r}: {error}")

    def leg(self) -> Leg | BadLine:
        """The line, or all that is wrong with it."""
        if self.reasons:
            return BadLine(self.line, "; ".join(self.reasons))
        return Leg(line=self.line, **self.values)


def matching(pattern: str, wanted: str) -> Callable[[str], str]:
    """A reader of text that matches a pattern as a whole."""
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(f"must be {wanted}")
        return text

    return read


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A reader of a whole number within a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,16}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


carrier = matching("[A-Z0-9]{2}", "two capitals or digits")
flight_number = whole_number(1, 9999)
airport = matching("[A-Z]{3}", "an IATA code of three capitals")
aircraft_type = matching("[A-Z0-9]{3}", "an IATA code of three capitals or digits")
currency = matching("[A-Z]{3}", "an ISO 4217 code of three capitals")
amount = whole_number(1, LARGEST)


def clock(hours: str, minutes: str) -> time:
    """A local time.

    Raises:
        ValueError: there is no such time.
    """
    if not (TWO_DIGITS.fullmatch(hours) and TWO_DIGITS.fullmatch(minutes)):
        raise ValueError("must be a time from 00:00 to 23:59")
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("must be a time from 00:00 to 23:59")
    return time(int(hours), int(minutes))
