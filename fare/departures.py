"""Booking's departures and seats, asked over HTTP while a customer waits for offers.

All that is asked for one customer has one time limit. Nothing is asked again: the customer does so.
"""

import logging
import time
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from django.conf import settings
from urllib3 import HTTPConnectionPool, Timeout, connection_from_url
from urllib3.exceptions import HTTPError

from contracts.callers import vouch_for_service
from contracts.values import Cabin, Itinerary, Seat
from fare.refusals import BookingUnavailable
from outbox.tracing import traceparent

logger = logging.getLogger(__name__)

T = TypeVar("T")

LARGEST_ANSWER_BYTES: Final = 2**20
# A route is not flown more often in a day, or the customer names the flight.
MOST_DEPARTURES: Final = 5


class SeatOnMap(msgspec.Struct, frozen=True):
    """A seat as it is now."""

    seat_number: str
    cabin: str
    position: str | None
    exit_row: bool
    status: str

    @property
    def characteristics(self) -> tuple[str, ...]:
        """What it may be charged for."""
        exit_row = ("EXIT_ROW",) if self.exit_row else ()
        return (*((self.position,) if self.position else ()), *exit_row)


class CabinOnMap(msgspec.Struct, frozen=True):
    """A cabin as it is now: how many seats are held or sold in each booking class."""

    cabin: str
    seats_sold: Mapping[str, int]


class Found(msgspec.Struct, frozen=True):
    """A departure that a search found."""

    flight_number: int
    departure_date: date


class Results(msgspec.Struct, frozen=True):
    """What a search found."""

    results: list[Found]


class Departure(msgspec.Struct, frozen=True):
    """A departure with its seats."""

    carrier: str
    flight_number: int
    origin: str
    destination: str
    departure_date: date
    departs_at: datetime
    arrives_at: datetime
    origin_zone: str
    destination_zone: str
    cabins: list[CabinOnMap]
    seats: list[SeatOnMap]

    def itinerary(self, cabin: Cabin, booking_class: str | None) -> Itinerary:
        """This departure in a cabin, as pricing takes it."""
        return Itinerary(
            carrier=self.carrier,
            flight_number=self.flight_number,
            origin=self.origin,
            destination=self.destination,
            departure_date=self.departure_date,
            departs_at=self.departs_at,
            arrives_at=self.arrives_at,
            origin_zone=self.origin_zone,
            destination_zone=self.destination_zone,
            cabin=cabin,
            booking_class=booking_class,
        )

    def seats_sold(self, cabin: Cabin) -> Mapping[str, int]:
        """How many seats of a cabin each booking class has sold, or holds for somebody."""
        return next((one.seats_sold for one in self.cabins if one.cabin == cabin), {})

    def free_seat(self, number: str, cabin: Cabin) -> Seat | None:
        """A seat of the cabin, if it is there and free."""
        for seat in self.seats:
            if (seat.seat_number, seat.cabin, seat.status) == (number, cabin, "FREE"):
                return Seat(number=number, characteristics=seat.characteristics)
        return None


def departures(
    *,
    origin: str,
    destination: str,
    day: date,
    cabin: Cabin,
    passengers: int,
    flight_number: int | None,
) -> list[Departure]:
    """The departures of a route and a local date that sell now and have room in the cabin, the
    earliest first, with their seats.

    Raises:
        BookingUnavailable: booking cannot be reached, or gives no usable answer in time.
    """
    booking = _Asking(settings.BOOKING_READ_MS / 1000)
    query = {"origin": origin, "destination": destination, "date": day.isoformat()}
    query |= {"cabin": cabin, "seats": str(passengers)}
    if flight_number is not None:
        query["flight_number"] = str(flight_number)
    found = booking.get(f"/api/departures?{urlencode(query)}", Results)
    maps = [
        booking.get(f"/api/departures/{one.flight_number}/{one.departure_date}/seats", Departure)
        for one in (found.results if found else [])[:MOST_DEPARTURES]
    ]
    return [one for one in maps if one]


class _Asking:
    """Asks booking until its time is over."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds

    def get(self, path: str, of_type: type[T]) -> T | None:
        """What is there; nothing where booking says that there is none."""
        try:
            status, body = self._get(path)
            if status == 404:
                return None
            if status != 200:
                raise _unavailable(f"it answered {status} to {path}")
            return msgspec.json.decode(body, type=of_type)
        except (HTTPError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _unavailable(f"{type(error).__name__}: {error}") from error

    def _get(self, path: str) -> tuple[int, bytes]:
        headers = {"Accept": "application/json", **_vouched()}
        if trace := traceparent():
            headers["traceparent"] = trace
        left = self._left()
        connect = min(left, settings.BOOKING_CONNECT_MS / 1000)
        options: Any = {"retries": False, "redirect": False, "preload_content": False}
        response = _pool(settings.BOOKING_URL).request(
            "GET", path, headers=headers, timeout=Timeout(connect=connect, read=left), **options
        )
        body = b""
        with response:
            # Each read has a time limit of its own: an answer in drops would have none.
            while self._left() and (part := response.read1()):
                body += part
                if len(body) > LARGEST_ANSWER_BYTES:
                    raise _unavailable(f"its answer to {path} does not end")
        return response.status, body

    def _left(self) -> float:
        """Seconds that are left."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise _unavailable("it took too long")
        return left


def _vouched() -> dict[str, str]:
    """The header by which booking knows who asks."""
    keys = settings.INTERNAL_KEYS
    return vouch_for_service(by=settings.SERVICE, to="booking", keys=keys, at=time.time())


@cache
def _pool(url: str) -> HTTPConnectionPool:
    """Connections that stay open between requests."""
    return connection_from_url(url, maxsize=settings.BOOKING_CONNECTIONS)


def _unavailable(reason: str) -> BookingUnavailable:
    logger.warning("booking could not be asked: %s", reason)
    return BookingUnavailable()
