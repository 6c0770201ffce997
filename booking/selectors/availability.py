"""Which departure and which seats a request gets, or why it gets none."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from rest_framework.exceptions import APIException, NotFound

from booking.models import Cabin, Departure, Flight, Seat
from booking.seating import best_seats, nearest_seats
from booking.selectors.describing import described
from outbox.transactions import LostRace

OFFERED: Final = 5


class UnknownFlight(NotFound):
    """No such flight number."""

    default_code = "unknown-flight"


class UnknownDeparture(NotFound):
    """The flight does not leave on that date."""

    default_code = "unknown-departure"


class UnknownSeat(NotFound):
    """The flight's aircraft has no such seat, or not in that cabin."""

    default_code = "unknown-seat"


class UnknownCabin(NotFound):
    """The flight's aircraft has no such cabin."""

    default_code = "unknown-cabin"


class Conflict(APIException):
    """What is asked for cannot be done as things are now."""

    status_code = 409


class DepartureClosed(Conflict):
    """Check-in has closed."""

    default_code = "departure-closed"


class DepartureDeparted(Conflict):
    """The departure has left."""

    default_code = "departure-departed"


class DepartureCanceled(Conflict):
    """The departure does not leave."""

    default_code = "departure-canceled"


class SeatTaken(Conflict):
    """A seat is not free; `members` name it, and free ones near it."""

    default_code = "seat-taken"

    def __init__(self, detail: str, *, seats: list[str], nearest_free: list[str]) -> None:
        super().__init__(detail)
        self.members = {"seats": seats, "nearest_free": nearest_free}


class NoSeatsLeft(Conflict):
    """There are not as many free seats as there are passengers without one."""

    default_code = "no-seats-left"


class MixedCabins(APIException):
    """The seats of one reservation are in one cabin."""

    status_code = 400
    default_code = "mixed-cabins"


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


def selection(wanted: Wanted, *, now: datetime) -> Selection:
    """The departure and the seats for a request.

    Raises:
        UnknownFlight, UnknownDeparture, UnknownSeat, UnknownCabin, MixedCabins: there is no such
            thing.
        DepartureClosed, DepartureDeparted, DepartureCanceled: the date's departure does not sell.
        SeatTaken, NoSeatsLeft: what is wanted is not free.
        LostRace: it was free a moment ago.
    """
    day = wanted.departure_date
    found = _on_the_date(wanted, day, now) if day else _on_the_next(wanted, now)
    if found is None:
        raise _why_not(wanted, now)
    departure, cabin = found
    chosen = _chosen(departure, cabin, wanted)
    return Selection(departure, cabin, wanted.numbers, tuple(chosen))


def _chosen(departure: Departure, cabin: str, wanted: Wanted) -> list[str]:
    if wanted.unnamed == 0:
        return []
    free = set(free_seats(departure, cabin)) - set(wanted.numbers)
    if wanted.off_exit_rows and len(free) >= wanted.unnamed:
        free -= exit_row_seats(departure)
        if len(free) < wanted.unnamed:
            raise NoSeatsLeft("Too few of the free seats are not in an exit row.")
    chosen = best_seats(free, wanted.unnamed)
    if not chosen:
        raise LostRace(f"{departure} had {wanted.unnamed} more seats a moment ago")
    return chosen


def free_seats(departure: Departure, cabin: str) -> list[str]:
    """The numbers of the free seats of a cabin."""
    free = Seat.objects.filter(departure=departure, cabin=cabin, status=Seat.Status.FREE)
    return list(free.values_list("number", flat=True))


def _on_the_next(wanted: Wanted, now: datetime) -> tuple[Departure, str] | None:
    """The next open departure on which all is free, by one query."""
    if not wanted.numbers:
        cabin = wanted.cabin or Cabin.ECONOMY
        enough = Exists(_enough(OuterRef("pk"), cabin, wanted))
        departure = _open(wanted, now).filter(enough).order_by("departs_at").first()
        return (departure, cabin) if departure else None
    seats = _seats(wanted).filter(**_is_open(wanted, now, "departure__"))
    soonest = seats.select_related(*described("departure__")).order_by("departure__departs_at")
    first = soonest.first()
    return (first.departure, first.cabin) if first else None


def _on_the_date(wanted: Wanted, day: date, now: datetime) -> tuple[Departure, str] | None:
    departure = departure_on(wanted.flight_number, day)
    must_sell(departure, now)
    if wanted.numbers:
        seat = _seats(wanted).filter(departure=departure).first()
        return (departure, seat.cabin) if seat else None
    cabin = wanted.cabin or Cabin.ECONOMY
    enough = len(free_seats(departure, cabin)) >= wanted.unnamed
    return (departure, cabin) if enough else None


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


def _open(wanted: Wanted, now: datetime) -> QuerySet[Departure]:
    return Departure.objects.select_related(*described()).filter(**_is_open(wanted, now))


def _is_open(wanted: Wanted, now: datetime, path: str = "") -> dict[str, Any]:
    """The condition that a departure of the flight sells; `path` leads to the departure."""
    return {f"{path}flight__number": wanted.flight_number, **sells(now, path)}


def sells(now: datetime, path: str = "") -> dict[str, Any]:
    """The condition that a departure sells; `path` leads to the departure."""
    return {
        f"{path}status": Departure.Status.OPEN,
        f"{path}departs_at__gt": now + _cut_off(),
    }


def _cut_off() -> timedelta:
    """How long before it leaves a departure sells no more, closed by `advance_departures` or not
    yet."""
    return timedelta(minutes=settings.CHECK_IN_CUT_OFF_MINUTES)


def departure_on(flight_number: int, day: date, *related: str) -> Departure:
    """A flight's departure of a local date, with what events say of it and `related`.

    Raises:
        UnknownFlight, UnknownDeparture: there is none.
    """
    departures = Departure.objects.select_related(*described(), *related)
    departure = departures.filter(flight__number=flight_number, date=day).first()
    if departure is None:
        flight_of(flight_number)
        raise UnknownDeparture(f"Flight {flight_number} does not leave on {day}.")
    return departure


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
    checked_in = departure.departs_at <= now + _cut_off()
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
    if wanted.departure_date:
        departure: Departure | None = departure_on(flight.number, wanted.departure_date)
    else:
        departure = _open(wanted, now).order_by("departs_at").first()
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
