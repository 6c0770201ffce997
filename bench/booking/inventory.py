"""The airline that is sold: forty flights a day, and the seats that rounds take from it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, cast

from django.core.management import call_command
from django.db.models import Count, Max, Q
from django.utils import timezone

from booking.models import Cabin, Departure, SchedulePeriod, Seat
from booking.planning import plan_departures
from booking.schedules.loading import load_schedule
from dev.console import RefusalError, step

FIRST_FLIGHT: Final = 2001
ROUTES: Final = ("LHR", "CDG", "OSL", "CPH", "HEL")
SEATS: Final = 180
# The last days of the schedule.
KEPT_DAYS: Final = 5
HEADER: Final = (
    "carrier,flight_number,origin,destination,valid_from,valid_to,days,departure_time,"
    "arrival_time,arrival_day_offset,aircraft_type,currency,economy_price"
)


@dataclass(frozen=True)
class Asked:
    """A seat of a departure, as a request names it."""

    flight: int
    date: date
    seat: str


@dataclass(frozen=True)
class Route:
    """A departure, as a search for it names it."""

    flight: int
    origin: str
    destination: str
    date: date


def load(*, flights: int, days: int) -> None:
    """Make the departures of so many daily flights, with their seats, by booking's own means.

    Raises:
        RefusalError: there are not as many seats as there should be.
    """
    step(f"making {flights} flights a day, {days} days ahead")
    call_command("migrate", verbosity=0)
    call_command("loaddata", "flights", verbosity=0)
    SchedulePeriod.objects.all().delete()  # the aircraft and airports stay
    lines = [HEADER, *(_line(number) for number in range(flights))]
    load_schedule(content="\n".join(lines).encode())
    for planned in plan_departures(now=timezone.now(), days=days):
        last = planned
    made, seats = Departure.objects.count(), Seat.objects.count()
    if seats != flights * days * SEATS:
        raise RefusalError(f"{seats} seats were made on {made} departures")
    step(f"{made:,} departures with {seats:,} seats, the last on {last.until}")


def _line(number: int) -> str:
    there, back = ROUTES[number % len(ROUTES)], "ARN"
    origin, destination = (back, there) if number % 2 else (there, back)
    today = timezone.now().date() - timedelta(days=1)
    hour = 6 + number % 12
    return (
        f"ZQ,{FIRST_FLIGHT + number},{origin},{destination},{today},,1234567,{hour:02}:15,"
        f"{hour + 3:02}:30,0,32N,EUR,12900"
    )


def spread(count: int) -> list[Asked]:
    """Free seats, no two of one departure as long as there are enough departures, in no order; none
    of the departures that are kept to be sold as a whole.

    Raises:
        RefusalError: there are not so many.
    """
    found: list[Asked] = []
    last = _kept_from()
    for number in _numbers():
        seats = Seat.objects.filter(
            number=number,
            cabin=Cabin.ECONOMY,  # what offers are signed for
            status=Seat.Status.FREE,
            departure__departs_at__gt=_tomorrow(),
            departure__departs_at__lt=last,
        ).order_by("departure__departs_at")
        rows = seats.values_list("departure__flight__number", "departure__date")
        found += [Asked(flight, day, number) for flight, day in rows[: count - len(found)]]
        if len(found) == count:
            random.shuffle(found)
            return found
    raise RefusalError(f"there are only {len(found)} free seats")


def _numbers() -> Iterator[str]:
    for row in range(1, 31):
        yield from (f"{row}{letter}" for letter in "ABCDEF")


def whole(departures: int) -> list[list[Asked]]:
    """Every seat of some departures of which none is taken, the latest first."""
    untouched = (
        Departure.objects.annotate(taken=Count("seats", filter=~Q(seats__status=Seat.Status.FREE)))
        .filter(taken=0, departs_at__gt=_tomorrow())
        .order_by("-departs_at")
    )
    rows = untouched.values_list("flight__number", "date")[:departures]
    numbers = list(_numbers())
    return [
        [Asked(flight, day, number) for number in random.sample(numbers, len(numbers))]
        for flight, day in rows
    ]


def _kept_from() -> datetime:
    """From when on departures are kept to be sold as a whole."""
    (latest,) = Departure.objects.aggregate(Max("departs_at")).values()
    return cast("datetime", latest) - timedelta(days=KEPT_DAYS)


def left(flight: int, day: date) -> int:
    """How many seats of a departure are free."""
    free = Seat.objects.filter(status=Seat.Status.FREE)
    return free.filter(departure__flight__number=flight, departure__date=day).count()


def routes() -> list[Route]:
    """Every departure."""
    rows = Departure.objects.filter(departs_at__gt=_tomorrow()).values_list(
        "flight__number", "flight__origin", "flight__destination", "date"
    )
    return [Route(*row) for row in rows]


def _tomorrow() -> datetime:
    """Departures of today close while they are sold."""
    return timezone.now() + timedelta(days=1)
