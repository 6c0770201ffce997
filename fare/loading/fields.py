"""How the cells of a fare file are read.

A reader returns the value, or raises ValueError with what the cell must be.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from typing import Final, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from contracts.values import Penalty
from fare.models import MOST

T = TypeVar("T")

# The first and the last date, both included.
DateRange = tuple[date, date]

YES_OR_NO: Final[Mapping[str, bool]] = {"yes": True, "no": False}
DATE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


def validated(validator: RegexValidator) -> Callable[[str], str]:
    """A reader of text that a model's validator accepts."""

    def read(text: str) -> str:
        try:
            validator(text)
        except ValidationError as error:
            raise ValueError(str(validator.message)) from error
        return text

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """A reader of one of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return read


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A reader of a whole number within a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,16}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def optional(reader: Callable[[str], T]) -> Callable[[str], T | None]:
    """A reader that takes an empty cell for nothing."""

    def read(text: str) -> T | None:
        return reader(text) if text else None

    return read


def day(text: str) -> date:
    """A date."""
    if DATE.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise ValueError("must be a date of this century, such as 2027-03-28")


def ranges(text: str) -> tuple[DateRange, ...]:
    """Dates and ranges of dates with spaces between them: `2027-01-01 2027-12-20/2027-12-26`."""
    return tuple(_range(part) for part in text.split())


def _range(text: str) -> DateRange:
    begin, slash, end = text.partition("/")
    first, last = day(begin), day(end if slash else begin)
    if last < first:
        raise ValueError("must be dates, or ranges that do not end before they begin")
    return first, last


def yes_or_no(text: str) -> bool:
    """A flag."""
    if text not in YES_OR_NO:
        raise ValueError("must be yes or no")
    return YES_OR_NO[text]


def penalty(text: str) -> Penalty:
    """A fee for each passenger, or `no` where it is not allowed."""
    if text == "no":
        return Penalty(allowed=False)
    try:
        return Penalty(allowed=True, fee=amount(text))
    except ValueError as error:
        raise ValueError(f"must be no, or the fee: {error}") from error


amount = whole_number(0, MOST)
