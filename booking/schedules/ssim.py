"""Schedules as IATA SSIM chapter 7: records of 200 bytes; docs/schedules.md has the columns.

Legs (type 3) are read, segment data (type 4) must belong to the leg before it and say nothing that
is kept here. Header, carrier and trailer (types 1, 2 and 5) may be there, as may be lines of
zeros that fill a block.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, time
from typing import Final

from booking.schedules import legs
from booking.schedules.legs import BadLine, Fields, Leg

LENGTH: Final = 200
# Scheduled and additional flights that carry passengers.
PASSENGER_SERVICES: Final = "JSQGBR"
OPEN_END: Final = "00XXX00"
MONTHS: Final = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]

# Bytes as the manual counts them: from 1, both included.
COLUMNS: Final = {
    "suffix": (2, 2),
    "carrier": (3, 5),
    "number": (6, 9),
    "leg": (12, 13),
    "service": (14, 14),
    "designator": (2, 14),
    "valid_from": (15, 21),
    "valid_to": (22, 28),
    "days": (29, 35),
    "frequency": (36, 36),
    "origin": (37, 39),
    "departure_time": (40, 43),
    "departure_offset": (48, 52),
    "destination": (55, 57),
    "arrival_time": (62, 65),
    "arrival_offset": (66, 70),
    "aircraft_type": (73, 75),
    "date_variation": (193, 194),
    "serial": (195, 200),
}
TIME_MODE: Final = (2, 2)
DATA_ELEMENT: Final = (31, 33)
BOARD_POINT: Final = (34, 36)
OFF_POINT: Final = (37, 39)


def read(text: str) -> Iterator[Leg | BadLine]:
    """Every leg of the file, in order, and every record that cannot be used."""
    leg, serial = "", None
    for line, text_line in enumerate(text.split("\n"), 1):
        record = text_line.removesuffix("\r")
        if not record.strip("0 "):
            serial = None  # some number what fills a block, some do not
            continue
        if reason := _malformed(record) or _out_of_order(record, serial):
            yield BadLine(line, reason)
        elif record[0] == "3":
            leg = record
            yield _leg(line, record)
        elif reason := _unfit(record, leg):
            yield BadLine(line, reason)
        serial = _serial(record)


def _at(record: str, columns: tuple[int, int]) -> str:
    first, last = columns
    return record[first - 1 : last]


def _malformed(record: str) -> str | None:
    if len(record) != LENGTH:
        return f"a record has {LENGTH} bytes, this one {len(record)}"
    if not (record.isascii() and record.isprintable()):
        return "a record has ASCII characters only"
    return None if record[0] in "12345" else f"there is no record type {record[0]!r}"


def _serial(record: str) -> int | None:
    text = _at(record, COLUMNS["serial"])
    return int(text) if re.fullmatch("[0-9]{6}", text) else None


def _out_of_order(record: str, before: int | None) -> str | None:
    """Serial numbers say whether a record has been lost; after 999999 comes 000002."""
    serial = _serial(record)
    if serial is None:
        return "the serial number in bytes 195-200 must be six digits"
    if before is None or serial == (before + 1 if before < 999_999 else 2):
        return None
    return f"the serial number {serial:06} does not follow {before:06}"


def _unfit(record: str, leg: str) -> str | None:
    """What is wrong with a record that is no leg."""
    if record[0] == "2" and _at(record, TIME_MODE) != "L":
        return "times must be local (time mode L in byte 2)"
    if record[0] != "4":
        return None
    if _at(record, COLUMNS["designator"]) != _at(leg, COLUMNS["designator"]):
        return "segment data must follow its leg"
    if not re.fullmatch("[0-9]{3}", _at(record, DATA_ELEMENT)):
        return "the data element in bytes 31-33 must be three digits"
    ends = [_at(record, BOARD_POINT), _at(record, OFF_POINT)]
    if ends != [_at(leg, COLUMNS["origin"]), _at(leg, COLUMNS["destination"])]:
        return f"the segment {'-'.join(ends)} is not its leg's"
    return None


def _leg(line: int, record: str) -> Leg | BadLine:
    fields = Fields(line)

    def cell(name: str) -> str:
        return _at(record, COLUMNS[name])

    fields.read("operational_suffix", cell("suffix"), legs.matching(" ", "blank"))
    fields.read("leg_sequence", cell("leg"), legs.matching("01", "01: flights have one leg here"))
    fields.read(
        "service_type",
        cell("service"),
        legs.matching(f"[{PASSENGER_SERVICES}]", f"one of {', '.join(PASSENGER_SERVICES)}"),
    )
    fields.read("frequency_rate", cell("frequency"), legs.matching("[ 1]", "blank: every week"))
    for name in ("operational_suffix", "leg_sequence", "service_type", "frequency_rate"):
        fields.values.pop(name, None)
    fields.read("carrier", cell("carrier").rstrip(), legs.carrier)
    fields.read("number", cell("number").strip(), legs.flight_number)
    fields.read("origin", cell("origin"), legs.airport)
    fields.read("destination", cell("destination"), legs.airport)
    fields.read("valid_from", cell("valid_from"), _date)
    fields.read("valid_to", cell("valid_to"), _last_date)
    fields.read("days", cell("days"), _days)
    fields.read("departure_time", cell("departure_time"), _time)
    fields.read("arrival_time", cell("arrival_time"), _time)
    fields.read("arrival_day_offset", cell("date_variation"), _day_offset)
    fields.read("aircraft_type", cell("aircraft_type"), legs.aircraft_type)
    fields.read("departure_offset", cell("departure_offset"), _offset)
    fields.read("arrival_offset", cell("arrival_offset"), _offset)
    offsets = [fields.values.pop(f"{end}_offset", None) for end in ("departure", "arrival")]
    fields.values["offsets"] = tuple(offsets)
    return fields.leg()


def _date(text: str) -> date:
    """Such as 29MAR26; the century is this one."""
    day, month, year = text[:2], text[2:5], text[5:]
    if re.fullmatch("[0-9]{4}", day + year) and month in MONTHS:
        with suppress(ValueError):
            return date(2000 + int(year), MONTHS.index(month) + 1, int(day))
    raise ValueError("must be a date such as 29MAR26")


def _last_date(text: str) -> date | None:
    return None if text == OPEN_END else _date(text)


def _days(text: str) -> str:
    """Each day's digit at its own place, blanks at the others'."""
    fits = all(found in (" ", wanted) for found, wanted in zip(text, "1234567", strict=True))
    if not fits or not text.strip():
        raise ValueError("must have each day's digit at its place, such as '1 3 5  '")
    return text.replace(" ", "")


def _time(text: str) -> time:
    return legs.clock(text[:2], text[2:])


def _offset(text: str) -> int:
    """Minutes that local time is ahead of UTC."""
    if not re.fullmatch("[+-][0-9]{4}", text) or int(text[3:]) > 59 or int(text[1:3]) > 14:
        raise ValueError("must be the variation from UTC, such as +0100")
    minutes = int(text[1:3]) * 60 + int(text[3:])
    return minutes if text[0] == "+" else -minutes


def _day_offset(text: str) -> int:
    """Blank or 0 for the departure, as it is the flight's first; the arrival's may be later."""
    if not re.fullmatch("[ 0][ 012]", text):
        raise ValueError("must be 0 for the departure, and 0, 1 or 2 for the arrival")
    return int(text[1].strip() or 0)
