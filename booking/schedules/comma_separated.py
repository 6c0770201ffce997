"""Schedules as CSV; the columns are documented in docs/schedules.md."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, time
from typing import Final

from booking.schedules import legs
from booking.schedules.legs import BadLine, Fields, Leg

PRICES: Final = {
    "economy_price": "ECONOMY",
    "premium_economy_price": "PREMIUM_ECONOMY",
    "business_price": "BUSINESS",
    "first_price": "FIRST",
}
REQUIRED: Final = (
    "carrier",
    "flight_number",
    "origin",
    "destination",
    "valid_from",
    "valid_to",
    "days",
    "departure_time",
    "arrival_time",
    "arrival_day_offset",
    "aircraft_type",
)
OPTIONAL: Final = ("currency", *PRICES)

days = legs.matching(r"(?=.)1?2?3?4?5?6?7?", "the digits 1 (Monday) to 7 (Sunday), such as 12345")
day_offset = legs.whole_number(0, 2)


def read(text: str) -> Iterator[Leg | BadLine]:
    """Every line of the file after its header, in order; without a usable header only that."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
        if reason := _wrong_header(header):
            yield BadLine(1, reason)
            return
        for row in rows:
            if row:
                yield _leg(rows.line_num, header, row)
    except csv.Error as error:
        # What comes after a quote that is never closed cannot be told apart.
        yield BadLine(max(rows.line_num, 1), f"this is not CSV: {error}")


def _wrong_header(header: list[str]) -> str | None:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in REQUIRED + OPTIONAL]
    if missing:
        return f"the header lacks {', '.join(missing)}"
    if unknown:
        return f"the header has unknown columns: {', '.join(map(repr, unknown))}"
    return "the header has a column twice" if len(set(header)) < len(header) else None


def _leg(line: int, header: list[str], row: list[str]) -> Leg | BadLine:
    if len(row) != len(header):
        return BadLine(line, f"there are {len(row)} fields, the header has {len(header)}")
    cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
    fields = Fields(line)
    fields.read("carrier", cells["carrier"], legs.carrier)
    fields.read("number", cells["flight_number"], legs.flight_number)
    fields.read("origin", cells["origin"], legs.airport)
    fields.read("destination", cells["destination"], legs.airport)
    fields.read("valid_from", cells["valid_from"], _date)
    fields.read("valid_to", cells["valid_to"], _last_date)
    fields.read("days", cells["days"], days)
    fields.read("departure_time", cells["departure_time"], _time)
    fields.read("arrival_time", cells["arrival_time"], _time)
    fields.read("arrival_day_offset", cells["arrival_day_offset"] or "0", day_offset)
    fields.read("aircraft_type", cells["aircraft_type"], legs.aircraft_type)
    _read_prices(fields, cells)
    return fields.leg()


def _read_prices(fields: Fields, cells: dict[str, str]) -> None:
    if cells.get("currency"):
        fields.read("currency", cells["currency"], legs.currency)
    prices = {}
    for column, cabin in PRICES.items():
        if cells.get(column):
            fields.read(column, cells[column], legs.amount)
            prices[cabin] = fields.values.pop(column, None)
    fields.values["prices"] = prices
    if prices and not cells.get("currency"):
        fields.reasons.append("prices need a currency")


def _date(text: str) -> date:
    if re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise ValueError("must be a date of this century, such as 2026-03-29")


def _last_date(text: str) -> date | None:
    return _date(text) if text else None


def _time(text: str) -> time:
    hours, _, minutes = text.partition(":")
    return legs.clock(hours, minutes)
