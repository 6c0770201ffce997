"""Fare files line by line: CSV, whose columns are documented in docs/fares.md."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from fare.loading import fields
from fare.loading.fields import DateRange
from fare.models import Cabin, values
from fare.rules import EVERY_DAY

ANY_NUMBER: Final = 32_767  # what the smallest column holds


@dataclass(frozen=True, order=True)
class BadLine:
    """A line that cannot be loaded, by its number from 1, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class FareLine:
    """A fare as a line says it: its own columns, and when it is not sold."""

    line: int
    columns: Mapping[str, Any]
    blackouts: tuple[DateRange, ...]


percent = fields.optional(fields.whole_number(0, 100))

# In the order in which they are told.
COLUMNS: Final[Mapping[str, Callable[[str], Any]]] = MappingProxyType(
    {
        "origin": fields.validated(values.airport_code),
        "destination": fields.validated(values.airport_code),
        "cabin": fields.one_of(*Cabin.values),
        "booking_class": fields.validated(values.class_code),
        "fare_basis": fields.validated(values.basis_code),
        "family": fields.validated(values.family_code),
        "amount": fields.amount,
        "currency": fields.validated(values.currency_code),
        "child_discount": percent,
        "infant_discount": percent,
        "sale_from": fields.day,
        "sale_to": fields.optional(fields.day),
        "travel_from": fields.day,
        "travel_to": fields.optional(fields.day),
        "days": fields.validated(values.operating_days),
        "advance_purchase_days": fields.whole_number(0, 365),
        "authorization_level": fields.whole_number(0, ANY_NUMBER),
        "blackout_dates": fields.ranges,
        "refundable": fields.yes_or_no,
        "cancel_before": fields.penalty,
        "cancel_after": fields.penalty,
        "change_before": fields.penalty,
        "change_after": fields.penalty,
    }
)
# Columns that may be missing, and what a missing or empty cell means.
DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "child_discount": "",
        "infant_discount": "",
        "sale_to": "",
        "travel_to": "",
        "days": EVERY_DAY,
        "advance_purchase_days": "0",
        "blackout_dates": "",
    }
)
PENALTIES: Final = ("cancel_before", "cancel_after", "change_before", "change_after")


def read(text: str) -> Iterator[FareLine | BadLine]:
    """Every line of the file after its header, in order; without a usable header only that."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
        if reason := _wrong_header(header):
            yield BadLine(1, reason)
            return
        for row in rows:
            if row:
                yield _line(rows.line_num, header, row)
    except csv.Error as error:
        # What comes after a quote that is never closed cannot be told apart.
        yield BadLine(max(rows.line_num, 1), f"this is not CSV: {error}")


def _wrong_header(header: list[str]) -> str | None:
    missing = [name for name in COLUMNS if name not in header and name not in DEFAULTS]
    unknown = [name for name in header if name not in COLUMNS]
    if missing:
        return f"the header lacks {', '.join(missing)}"
    if unknown:
        return f"the header has unknown columns: {', '.join(map(repr, unknown))}"
    return "the header has a column twice" if len(set(header)) < len(header) else None


def _line(line: int, header: list[str], row: list[str]) -> FareLine | BadLine:
    if len(row) != len(header):
        return BadLine(line, f"there are {len(row)} fields, the header has {len(header)}")
    cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
    found: dict[str, Any] = {}
    wrong = []
    for name, reader in COLUMNS.items():
        text = cells.get(name, "") or DEFAULTS.get(name, "")
        try:
            found[name] = reader(text)
        except ValueError as error:
            wrong.append(f"{name} {text[:40]!r}: {error}")
    wrong = wrong or list(_contradictions(found))
    if wrong:
        return BadLine(line, "; ".join(wrong))
    return FareLine(line=line, blackouts=found.pop("blackout_dates"), columns=dict(_columns(found)))


def _contradictions(found: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with cells that are right by themselves."""
    if found["origin"] == found["destination"]:
        yield "it goes to where it starts"
    for what in ("sale", "travel"):
        last = found[f"{what}_to"]
        if last and last < found[f"{what}_from"]:
            yield f"{what}_to is before {what}_from"


def _columns(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The model's columns for the cells of a line."""
    renamed = {"origin": "origin_id", "destination": "destination_id", "family": "family_id"}
    renamed |= {"fare_basis": "basis"}
    for name, value in found.items():
        if name in PENALTIES:
            yield f"{name}_allowed", value.allowed
            yield f"{name}_fee", value.fee
        else:
            yield renamed.get(name, name), value
