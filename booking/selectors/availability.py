"""Which departure and which seats a request gets, or why it gets none."""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.db.models import (
    CharField,
    DateField,
    DateTimeField,
    Exists,
    IntegerField,
    OuterRef,
    QuerySet,
)
from rest_framework.exceptions import APIException

from booking.models import Cabin, Departure, Flight, Seat
from booking.seating import best_choices, nearest_seats
from booking.selectors.describing import described
from booking.selectors.refusals import (
    DepartureCanceled,
    DepartureClosed,
    DepartureDeparted,
    MixedCabins,
    NoSeatsLeft,
    SeatTaken,
    UnknownCabin,
    UnknownDeparture,
    UnknownFlight,
    UnknownSeat,
)
from outbox.prepared import Argument, Select
from outbox.transactions import LostRace

OFFERED: Final = 5
# What leaves until then, which is `closing(now)`, does not sell.
CLOSES: Final = Argument("closes", DateTimeField())
# The condition that a departure sells.
SELLS: Final[Mapping[str, Any]] = MappingProxyType(
    {"status": Departure.Status.OPEN, "departs_at__gt": CLOSES}
)
# What SQLite's driver takes; no column has a larger number either.
LARGEST: Final = 2**63 - 1


@dataclass(frozen=True)
class Wanted:
    """The seats that a request asks for.

    Args:
        flight_number: the flight, without its carrier's code.
        numbers: the seats that are named, each once.
        unnamed: how many more are wanted, whichever they are.
        cabin: where all of them are, or None where the named seats say it.
        departure_date: local to the origin; None is the next on which all of it can be had.
        off_exit_rows: whether the seats that are not named must not be in an exit row.
    """

    flight_number: int
    numbers: tuple[str, ...]
    unnamed: int = 0
    cabin: str | None = None
    departure_date: date | None = None
    off_exit_rows: bool = False


@dataclass(frozen=True)
class Selection:
    """What may be had, as it looked when it was read: the named seats, then the chosen ones."""

    departure: Departure
    cabin: str
    named: tuple[str, ...]
    chosen: tuple[str, ...]


def selection(wanted: Wanted, *, now: datetime, crowded: bool = False) -> Selection:
    """The departure and the seats for a request.

    Args:
        wanted: what is asked for.
        now: the current time, UTC.
        crowded: whether others choose at this moment. Then any of the choices that are equally
            close together is made, not the foremost, for which all would wait.

    Raises:
        UnknownFlight, UnknownDeparture, UnknownSeat, UnknownCabin, MixedCabins: there is no such
            thing.
        DepartureClosed, DepartureDeparted, DepartureCanceled: the date's departure does not sell.
        SeatTaken, NoSeatsLeft: what is wanted is not free.
        LostRace: it was free a moment ago.
    """
    found = _soonest(wanted, now)
    if found is None:
        raise _why_not(wanted, now)
    departure, cabin = found
    chosen = _chosen(departure, cabin, wanted, crowded=crowded)
    return Selection(departure, cabin, wanted.numbers, tuple(chosen))


def _chosen(departure: Departure, cabin: str, wanted: Wanted, *, crowded: bool) -> list[str]:
    if wanted.unnamed == 0:
        return []
    free = set(free_seats(departure, cabin)) - set(wanted.numbers)
    if wanted.off_exit_rows and len(free) >= wanted.unnamed:
        free -= exit_row_seats(departure)
        if len(free) < wanted.unnamed:
            raise NoSeatsLeft("Too few of the free seats are not in an exit row.")
    choices = best_choices(free, wanted.unnamed)
    if not choices:
        raise LostRace(f"{departure} had {wanted.unnamed} more seats a moment ago")
    return random.choice(choices) if crowded else choices[0]  # noqa: S311 (nothing secret)


def free_seats(departure: Departure, cabin: str) -> list[str]:
    """The numbers of the free seats of a cabin."""
    free = Seat.objects.filter(departure=departure, cabin=cabin, status=Seat.Status.FREE)
    return list(free.values_list("number", flat=True))


def _soonest(wanted: Wanted, now: datetime) -> tuple[Departure, str] | None:
    """The date's departure, or the next one, if it sells and all is free on it; by one query."""
    values: dict[str, Any] = {
        "flight": wanted.flight_number,
        "date": wanted.departure_date,
        "cabin": wanted.cabin or Cabin.ECONOMY,
        "closes": closing(now),
        **{f"seat {place}": number for place, number in enumerate(wanted.numbers)},
    }
    if wanted.numbers:
        seat = _soonest_seat(*_shape(wanted)).first(**values)
        return (seat.departure, seat.cabin) if seat else None
    departure = _soonest_departure(*_shape(wanted)).first(**values)
    return (departure, values["cabin"]) if departure else None


def _shape(wanted: Wanted) -> tuple[int, int, bool, bool]:
    """What the SQL differs by: at most nine passengers make at most 220 of them."""
    dated, in_cabin = wanted.departure_date is not None, wanted.cabin is not None
    return len(wanted.numbers), wanted.unnamed, in_cabin, dated


@cache
def _soonest_seat(named: int, unnamed: int, in_cabin: bool, dated: bool) -> Select[Seat]:
    """The first of the named seats, with its departure, to which all else belongs."""
    wanted = _any_of(named, unnamed, in_cabin, dated)
    seats = _seats(wanted).filter(**_is_open(wanted, CLOSES, "departure__"))
    related = seats.select_related(*described("departure__"))
    return Select(related.order_by("departure__departs_at")[:1])


@cache
def _soonest_departure(named: int, unnamed: int, in_cabin: bool, dated: bool) -> Select[Departure]:
    """The departure with room for those who name no seat."""
    wanted = _any_of(named, unnamed, True, dated)
    enough = Exists(_enough(OuterRef("pk"), wanted.cabin, wanted))
    return Select(_open(wanted, CLOSES).filter(enough).order_by("departs_at")[:1])


def _any_of(named: int, unnamed: int, in_cabin: bool, dated: bool) -> Wanted:
    """What stands for all requests of a shape."""
    values: dict[str, Any] = {
        "flight_number": Argument("flight", IntegerField()),
        "numbers": tuple(Argument(f"seat {place}", CharField()) for place in range(named)),
        "unnamed": unnamed,
        "cabin": Argument("cabin", CharField()) if in_cabin else None,
        "departure_date": Argument("date", DateField()) if dated else None,
    }
    return Wanted(**values)


def _seats(wanted: Wanted) -> QuerySet[Seat]:
    """The first named seat wherever it is free together with all others, in its cabin."""
    first, *others = wanted.numbers
    seats = Seat.objects.filter(number=first, status=Seat.Status.FREE)
    if wanted.cabin:
        seats = seats.filter(cabin=wanted.cabin)
    of_it, cabin = OuterRef("departure"), OuterRef("cabin")
    for number in others:
        other = Seat.objects.filter(
            departure=of_it, cabin=cabin, number=number, status=Seat.Status.FREE
        )
        seats = seats.filter(Exists(other))
    return seats.filter(Exists(_enough(of_it, cabin, wanted))) if wanted.unnamed else seats


def _enough(departure: Any, cabin: Any, wanted: Wanted) -> QuerySet[Seat]:
    """The last of as many free seats as there are passengers: not one row where there are less."""
    free = Seat.objects.filter(departure=departure, cabin=cabin, status=Seat.Status.FREE)
    last = len(wanted.numbers) + wanted.unnamed - 1
    return free[last : last + 1]


def _open(wanted: Wanted, closes: Any) -> QuerySet[Departure]:
    return Departure.objects.select_related(*described()).filter(**_is_open(wanted, closes))


def _is_open(wanted: Wanted, closes: Any, path: str = "") -> dict[str, Any]:
    """The condition that a departure of the flight, or the date's, sells: it leaves later than
    what closes now; `path` leads to the departure."""
    on_the_date = {f"{path}date": wanted.departure_date} if wanted.departure_date else {}
    of_the_flight = {f"{path}flight__number": wanted.flight_number, **on_the_date}
    return {
        **of_the_flight,
        f"{path}status": Departure.Status.OPEN,
        f"{path}departs_at__gt": closes,
    }


def closing(now: datetime) -> datetime:
    """Until when leaves what sells no more."""
    return now + _cut_off()


def _cut_off() -> timedelta:
    """How long before it leaves a departure sells no more, closed by `advance_departures` or not
    yet."""
    return timedelta(minutes=settings.CHECK_IN_CUT_OFF_MINUTES)


def departure_on(flight_number: int, day: date, *related: str) -> Departure:
    """A flight's departure of a local date, with what events say of it and `related`.

    Raises:
        UnknownFlight, UnknownDeparture: there is none.
    """
    departure = None
    if flight_number <= LARGEST:
        departure = _on_date(*related).first(flight=flight_number, date=day)
    if departure is None:
        flight_of(flight_number)
        raise UnknownDeparture(f"Flight {flight_number} does not leave on {day}.")
    return departure


@cache
def _on_date(*related: str) -> Select[Departure]:
    departures = Departure.objects.select_related(*described(), *related)
    flight, day = Argument("flight", IntegerField()), Argument("date", DateField())
    return Select(departures.filter(flight__number=flight, date=day))


def flight_of(number: int) -> Flight:
    """A flight by its number.

    Raises:
        UnknownFlight: there is none.
    """
    flight = Flight.objects.filter(number=number).first()
    if flight is None:
        raise UnknownFlight(f"There is no flight {number}.")
    return flight


def must_sell(departure: Departure, now: datetime) -> None:
    """Refuse a departure that does not sell, or not any more.

    Raises:
        DepartureClosed, DepartureDeparted, DepartureCanceled: saying which.
    """
    named = f"Flight {departure.flight.number} of {departure.date}"
    if departure.status == Departure.Status.CANCELED:
        raise DepartureCanceled(f"{named} is canceled.")
    must_not_have_left(departure, now)
    checked_in = departure.departs_at <= closing(now)
    if checked_in or departure.status == Departure.Status.CLOSED:
        raise DepartureClosed(f"{named} is closed: check-in has ended.")


def must_not_have_left(departure: Departure, now: datetime) -> None:
    """Refuse a departure that has been flown.

    Raises:
        DepartureDeparted: it has left.
    """
    if departure.status == Departure.Status.DEPARTED or departure.departs_at <= now:
        raise DepartureDeparted(f"Flight {departure.flight.number} of {departure.date} has left.")


def must_be_free(departure: Departure, wanted: Wanted) -> None:
    """Refuse named seats of a departure that are not all free, in the cabin.

    Raises:
        UnknownSeat, UnknownCabin, MixedCabins, SeatTaken: saying why not.
    """
    if not _seats(wanted).filter(departure=departure).exists():
        raise _why_not_on(departure.flight, departure, wanted)


def _why_not(wanted: Wanted, now: datetime) -> APIException:
    """Why nothing can be had, told by the date's departure, or by the next one that is open."""
    flight = flight_of(wanted.flight_number)
    departure: Departure | None
    if wanted.departure_date:
        departure = departure_on(flight.number, wanted.departure_date)
        must_sell(departure, now)
    else:
        departure = _open(wanted, closing(now)).order_by("departs_at").first()
    return _why_not_on(flight, departure, wanted)


def _why_not_on(flight: Flight, departure: Departure | None, wanted: Wanted) -> APIException:
    """Why the wanted seats cannot be had on a departure."""
    cabins = _cabins(flight, departure)
    if unknown := [number for number in wanted.numbers if number not in cabins]:
        return UnknownSeat(f"Flight {flight.number} has no seat {', '.join(unknown)}.")
    if wanted.cabin and wanted.cabin not in cabins.values():
        return UnknownCabin(f"Flight {flight.number} has no cabin {wanted.cabin}.")
    asked = {cabins[number] for number in wanted.numbers}
    if wanted.cabin and asked - {wanted.cabin}:
        return UnknownSeat(f"Not all of {', '.join(wanted.numbers)} are in {wanted.cabin}.")
    if len(asked) > 1:
        return MixedCabins(f"The seats {', '.join(wanted.numbers)} are in different cabins.")
    return _not_free(flight, departure, wanted, asked)


def _not_free(
    flight: Flight, departure: Departure | None, wanted: Wanted, cabins: Collection[str]
) -> APIException:
    cabin = next(iter(cabins), wanted.cabin or Cabin.ECONOMY)
    free = set(free_seats(departure, cabin)) - set(wanted.numbers) if departure else set()
    taken = _taken(departure, wanted)
    if not taken:
        return NoSeatsLeft(f"Flight {flight.number} has not enough free seats in {cabin}.")
    several = len(taken) > 1
    subject = f"Seat{'s' if several else ''} {', '.join(taken)} {'are' if several else 'is'}"
    if wanted.departure_date and departure:
        detail = f"{subject} taken on flight {flight.number} of {departure.date}."
    else:
        detail = f"{subject} free on no open departure of flight {flight.number}."
    return SeatTaken(detail, seats=taken, nearest_free=nearest_seats(free, taken[0], limit=OFFERED))


def _taken(departure: Departure | None, wanted: Wanted) -> list[str]:
    """The named seats that are not free on the date; without a date, no departure has them all."""
    if not wanted.departure_date or departure is None:
        return list(wanted.numbers)
    seats = Seat.objects.filter(departure=departure, number__in=wanted.numbers)
    taken = seats.exclude(status=Seat.Status.FREE).values_list("number", flat=True)
    return [number for number in wanted.numbers if number in set(taken)]


def _cabins(flight: Flight, departure: Departure | None) -> dict[str, str]:
    """Every seat's cabin, by its number."""
    if departure is not None:
        return dict(departure.seats.values_list("number", "cabin"))
    return {number: place.cabin for number, place in flight.places().items()}


def exit_row_seats(departure: Departure) -> frozenset[str]:
    """The seats of the departure's aircraft that are in an exit row."""
    seat_map = departure.aircraft_type.seat_map
    return frozenset(number for number, place in seat_map.items() if place.is_exit_row)
