"""Departures as customers see them: what is left of each, and which seats."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, reduce
from operator import or_
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    DateField,
    IntegerField,
    Q,
)
from rest_framework.exceptions import NotFound

from booking.models import Airport, Cabin, Departure, Flight, Place, Seat
from booking.seating import place
from booking.selectors.availability import SELLS, closing, departure_on, flight_of
from booking.selectors.describing import described
from outbox.prepared import Argument, Rows, Select


class UnknownAirport(NotFound):
    """No such airport."""

    default_code = "unknown-airport"


@dataclass(frozen=True)
class CabinLeft:
    """What is left of a cabin.

    Args:
        cabin: which.
        seats_left: how many seats are free.
        list_price: of one seat, in minor units; None where the flight has none for this cabin,
            which does not sell then.
        currency: what the price is in.
    """

    cabin: str
    seats_left: int
    list_price: int | None
    currency: str


@dataclass(frozen=True)
class Availability:
    """A departure, and what is left of each of its cabins, as it looked when it was read."""

    departure: Departure
    cabins: list[CabinLeft]

    def has_room(self, seats: int, cabin: str | None) -> bool:
        """Whether so many seats can be had together in a cabin, or in any (None)."""
        return any(
            one.seats_left >= seats and one.list_price is not None
            for one in self.cabins
            if cabin in (None, one.cabin)
        )


@dataclass(frozen=True)
class SeatMap(Availability):
    """A departure with every seat, from the front to the back, as clients see it: a plain
    dictionary, because there are hundreds."""

    seats: list[dict[str, Any]]


def search(
    *,
    origin: str,
    destination: str,
    day: date,
    now: datetime,
    seats: int = 1,
    cabin: str | None = None,
    flight_number: int | None = None,
) -> list[Availability]:
    """The departures of a local date that sell and have room, in the order in which they leave.

    Args:
        origin, destination: codes of airports.
        day: local to the origin.
        now: the current time, UTC.
        seats: how many must be free in one cabin.
        cabin: in which; None is any.
        flight_number: only this flight.

    Raises:
        UnknownAirport, UnknownFlight: there is no such thing.
    """
    found = _on_route(flight_number is not None).all(
        origin=origin, destination=destination, date=day, flight=flight_number, closes=closing(now)
    )
    if not found:
        _must_be_known(origin, destination, flight_number)
        return []
    left = _seats_left(found)
    offered = [Availability(one, _cabins(one.flight, left[one.pk])) for one in found]
    return [one for one in offered if one.has_room(seats, cabin)]


@cache
def _on_route(of_one_flight: bool) -> Select[Departure]:
    """The departures of a route and a date that sell."""
    departures = Departure.objects.select_related(*described()).filter(
        flight__origin=Argument("origin", CharField()),
        flight__destination=Argument("destination", CharField()),
        date=Argument("date", DateField()),
        **SELLS,
    )
    if of_one_flight:
        departures = departures.filter(flight__number=Argument("flight", IntegerField()))
    return Select(departures.order_by("departs_at", "pk"))


def _must_be_known(origin: str, destination: str, flight_number: int | None) -> None:
    """Asked only where nothing was found: what has departures is known."""
    known = set(Airport.objects.filter(pk__in=[origin, destination]).values_list("pk", flat=True))
    for code in (origin, destination):
        if code not in known:
            raise UnknownAirport(f"There is no airport {code}.")
    if flight_number is not None:
        flight_of(flight_number)


def availability_on(flight_number: int, day: date) -> Availability:
    """A flight's departure of a local date, whatever its status.

    Raises:
        UnknownFlight, UnknownDeparture: there is none.
    """
    departure = departure_on(flight_number, day)
    left = _seats_left([departure])
    return Availability(departure, _cabins(departure.flight, left[departure.pk]))


def seat_map(flight_number: int, day: date) -> SeatMap:
    """A flight's departure of a local date, whatever its status, with every seat.

    Raises:
        UnknownFlight, UnknownDeparture: there is none.
    """
    departure = departure_on(flight_number, day, "aircraft_type")
    places = departure.aircraft_type.seat_map
    rows = _seats().all(departure=departure.pk)
    seats = [
        _seat(number, cabin, status, places.get(number))
        for number, cabin, status in sorted(rows, key=lambda row: place(row[0]))
    ]
    left: dict[str, int] = defaultdict(int)
    for seat in seats:
        left[seat["cabin"]] += seat["status"] == Seat.Status.FREE
    return SeatMap(departure, _cabins(departure.flight, left), seats)


def _seat(number: str, cabin: str, status: str, where: Place | None) -> dict[str, Any]:
    """A seat as clients see it. Seats stay when the aircraft type's map changes: it may have no
    place for one."""
    return {
        "seat_number": number,
        "row": int(number[:-1]),
        "letter": number[-1],
        "cabin": cabin,
        "position": where.position if where else None,
        "exit_row": where.is_exit_row if where else False,
        "status": status,
    }


@cache
def _seats() -> Rows:
    """Every seat of a departure: number, cabin and status."""
    of_it = Argument("departure", BigIntegerField())
    return Rows(Seat.objects.filter(departure=of_it).values_list("number", "cabin", "status"))


def _seats_left(departures: list[Departure]) -> Mapping[int, Mapping[str, int]]:
    """How many seats are free in each cabin of each departure, by one query."""
    keys = {f"departure {place}": departure.pk for place, departure in enumerate(departures)}
    left: dict[int, dict[str, int]] = defaultdict(dict)
    for departure_id, cabin, count in _counted(len(departures)).all(**keys):
        left[departure_id][cabin] = count
    return left


@cache
def _counted(departures: int) -> Rows:
    """The free seats of so many departures, counted: departure, cabin and how many."""
    keys = [Argument(f"departure {place}", BigIntegerField()) for place in range(departures)]
    # What IN says, which takes no expressions where it is asked of a relation.
    these = reduce(or_, (Q(departure=key) for key in keys))
    free = Count("pk", filter=Q(status=Seat.Status.FREE))
    seats = Seat.objects.filter(these).values("departure", "cabin")
    return Rows(seats.annotate(free=free).values_list("departure", "cabin", "free"))


def _cabins(flight: Flight, left: Mapping[str, int]) -> list[CabinLeft]:
    prices, currency = flight.list_prices, flight.currency
    return [
        CabinLeft(cabin, left[cabin], prices.get(cabin), currency)
        for cabin in Cabin.values
        if cabin in left
    ]
