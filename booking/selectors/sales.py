"""What fare has to know of a departure: what is sold by booking class, and what its seats are."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID

from django.db.models import BigIntegerField, CharField, Count, Q, UUIDField

from booking.models import AircraftType, Departure, Place, Seat
from contracts import values
from outbox.prepared import Argument, Rows

# In seconds. A seat map is changed by hand, some times in an aircraft's life.
AS_OLD_AS: Final = 60


def seats_sold(departure: Departure, cabin: str, *, besides: UUID) -> Mapping[str, int]:
    """How many seats of a cabin are held or sold in each booking class, besides a reservation's. In
    none are those of whom fare has not settled a class yet, and who have asked for none."""
    rows: list[Any] = _sold().all(departure=departure.pk, cabin=cabin, besides=besides)
    return dict(rows)


@cache
def _sold() -> Rows:
    of_it, cabin = Argument("departure", BigIntegerField()), Argument("cabin", CharField())
    others = ~Q(reservation=Argument("besides", UUIDField()))
    seats = Seat.objects.filter(others, departure=of_it, cabin=cabin)
    sold = seats.filter(reservation__booking_class__gt="")
    by_class = sold.values("reservation__booking_class").annotate(count=Count("pk")).order_by()
    return Rows(by_class.values_list("reservation__booking_class", "count"))


def free_and_sold(departure: Departure, cabin: str) -> tuple[list[str], Mapping[str, int]]:
    """The numbers of the free seats of a cabin, and how many of its others are held or sold in each
    booking class; by one query."""
    rows = _seats_with_classes().all(departure=departure.pk, cabin=cabin)
    free = [number for number, status, _ in rows if status == Seat.Status.FREE]
    return free, Counter(booking_class for _, _, booking_class in rows if booking_class)


@cache
def _seats_with_classes() -> Rows:
    """The seats of a cabin: number, status, and the class of whom they are held for or sold to."""
    of_it, cabin = Argument("departure", BigIntegerField()), Argument("cabin", CharField())
    seats = Seat.objects.filter(departure=of_it, cabin=cabin)
    return Rows(seats.values_list("number", "status", "reservation__booking_class"))


def seat_at(departure: Departure, number: str, now: datetime) -> values.Seat:
    """A seat as events describe it, as the aircraft's seat map was a minute ago at most. Seats stay
    when the map changes: it may have no place for one."""
    place = _places(departure.aircraft_type_id, int(now.timestamp()) // AS_OLD_AS).get(number)
    return place.described() if place else values.Seat(number=number)


@lru_cache(maxsize=64)
def _places(aircraft_type: str, minute: int) -> Mapping[str, Place]:
    """The seat map, read once a minute: two queries that every reservation would pay for."""
    return AircraftType(code=aircraft_type).seat_map
