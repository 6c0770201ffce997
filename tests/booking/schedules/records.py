"""SSIM records and CSV lines to start from."""

from booking.schedules.ssim import COLUMNS, LENGTH

LEG = {
    "suffix": " ",
    "carrier": "ZQ ",
    "number": "1201",
    "leg": "01",
    "service": "J",
    "valid_from": "28MAR27",
    "valid_to": "30OCT27",
    "days": "1234567",
    "frequency": " ",
    "origin": "ARN",
    "departure_time": "0830",
    "departure_offset": "+0200",
    "destination": "LHR",
    "arrival_time": "1010",
    "arrival_offset": "+0100",
    "aircraft_type": "32N",
    "date_variation": "00",
}
CSV = {
    "carrier": "ZQ",
    "flight_number": "1201",
    "origin": "ARN",
    "destination": "LHR",
    "valid_from": "2027-03-28",
    "valid_to": "2027-10-30",
    "days": "1234567",
    "departure_time": "08:30",
    "arrival_time": "10:10",
    "arrival_day_offset": "0",
    "aircraft_type": "32N",
    "currency": "EUR",
    "economy_price": "12900",
}


def record(kind: str, serial: int, **cells: str) -> str:
    """A record of 200 bytes: blank but for these cells."""
    letters = list(kind.ljust(LENGTH))
    for name, text in {**cells, "serial": f"{serial:06}"}.items():
        first, last = COLUMNS[name]
        letters[first - 1 : last] = text.ljust(last - first + 1)
    return "".join(letters)


def leg(serial: int = 3, **changes: str) -> str:
    """A leg from Stockholm to London in the summer of 2027."""
    cells = {**LEG, **changes}
    full = record("3", serial, **cells)
    # Flight, itinerary variation, leg: 1201, 01, 01.
    return full[:9] + "01" + full[11:]


def segment(of: str, serial: int, element: str = "106", ends: str | None = None) -> str:
    """Segment data of a leg."""
    stations = ends or of[36:39] + of[54:57]
    body = "4" + of[1:14] + " " * 14 + "AB" + element + stations + "SK 4021"
    return body.ljust(194) + f"{serial:06}"


def header() -> str:
    """A file's first record."""
    return "1AIRLINE STANDARD SCHEDULE DATA SET".ljust(194) + "000001"


def carrier(mode: str = "L") -> str:
    """A carrier's record, which says in which time the file is."""
    return f"2{mode}ZQ  ".ljust(194) + "000002"


def trailer(serial: int) -> str:
    """A carrier's last record."""
    return "5 ZQ ".ljust(194) + f"{serial:06}"


def ssim(*records: str) -> bytes:
    """A file."""
    return "\r\n".join([header(), carrier(), *records, trailer(len(records) + 3), ""]).encode()


def csv(*lines: dict[str, str]) -> bytes:
    """A file with one line for each change of the usual one."""
    rows = [",".join(CSV), *(",".join({**CSV, **line}.values()) for line in lines)]
    return ("\n".join(rows) + "\n").encode()
