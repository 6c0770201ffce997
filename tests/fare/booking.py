"""A stand-in for booking: departures and seats on a real socket."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from pytest_django import Settings

from tests.gateway.upstreams import Exchange, Script, Service

DEPARTURE: Final[dict[str, Any]] = {
    "carrier": "ZQ",
    "flight_number": 1001,
    "origin": "ARN",
    "destination": "LHR",
    "departure_date": "2099-01-06",  # a Tuesday
    "departs_at": "2099-01-06T06:40:00Z",
    "arrives_at": "2099-01-06T09:25:00Z",
    "origin_zone": "Europe/Stockholm",
    "destination_zone": "Europe/London",
    "aircraft_type": "32N",
    "status": "OPEN",
    "cabins": [
        {
            "cabin": "ECONOMY",
            "seats_left": 4,
            "list_price": 12900,
            "currency": "EUR",
            "seats_sold": {"K": 2, "M": 9},
        }
    ],
}


def seat(number: str, status: str = "FREE", **changes: Any) -> dict[str, Any]:
    """A seat of a map: at a window, if not said."""
    facts = {"cabin": "ECONOMY", "position": "WINDOW", "exit_row": False, **changes}
    return {"seat_number": number, "status": status, **facts}


SEATS: Final = [
    seat("1A"),
    seat("10A", exit_row=True),
    seat("2B", position="MIDDLE"),
    seat("3C", position=None),
    seat("4A", "HELD"),
    seat("5A", "SOLD"),
    seat("6A", "BLOCKED"),
    seat("1D", "SOLD", cabin="BUSINESS"),
]


class Booking:
    """What the stand-in has been asked, and where it is."""

    def __init__(self, service: Service) -> None:
        self.service = service

    @property
    def targets(self) -> list[str]:
        """The paths that were asked for, with their queries."""
        return [seen.target for seen in self.service.seen]

    @property
    def query(self) -> dict[str, list[str]]:
        """The query of the search."""
        return parse_qs(urlsplit(self.targets[0]).query)


def having(*departures: dict[str, Any], seats: list[dict[str, Any]] = SEATS) -> Script:
    """Finds these departures, each with these seats."""
    by_path = {
        f"/api/departures/{one['flight_number']}/{one['departure_date']}/seats": one
        for one in departures
    }

    def script(exchange: Exchange) -> None:
        while seen := exchange.request():
            path = urlsplit(seen.target).path
            if path == "/api/departures":
                exchange.answer(json.dumps({"results": departures}).encode())
            elif path in by_path:
                exchange.answer(json.dumps({**by_path[path], "seats": seats}).encode())
            else:
                exchange.answer(status="404 Not Found")

    return script


@contextmanager
def booking(script: Script, settings: Settings) -> Iterator[Booking]:
    """A stand-in that fare is pointed at."""
    service = Service(script)
    settings.BOOKING_URL = service.url
    try:
        yield Booking(service)
    finally:
        service.close()
