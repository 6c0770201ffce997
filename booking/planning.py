"""The rolling horizon: departures and their seats are made so many days ahead of their date.

How far each schedule period has been planned is in its row. Planning goes in units of one period
and some dates, each a transaction of its own, so that it can be stopped at any moment and goes on
from there, and any number of processes may plan at once.
"""

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, connection
from django.db.models import F, Q, QuerySet

from booking.models import Airport, Departure, Place, SchedulePeriod, Seat
from outbox.transactions import LostRace, unit_of_work

DATES_PER_UNIT: Final = 60
CHOICE: Final = 64


@dataclass(frozen=True)
class Planned:
    """What one unit has made: so many departures, the last one not after a date."""

    period: SchedulePeriod
    until: date
    departures: int


def keep_horizon(*, now: datetime) -> bool:
    """Do one unit of the planning that `HORIZON_DAYS` asks for; meant to be called all the time.

    When nothing is due, which is nearly always, this costs two small reads.

    Returns:
        Whether something was due: then more may be.
    """
    return _plan_one(now, settings.HORIZON_DAYS) is not None


def plan_departures(*, now: datetime, days: int) -> Iterator[Planned]:
    """Make what is missing of the departures of the coming days, unit by unit.

    Args:
        now: the current time, UTC.
        days: how many dates, from today on, which is local to each origin.
    """
    while planned := _plan_one(now, days):
        yield planned


def _plan_one(now: datetime, days: int) -> Planned | None:
    due = list(_due(now, days).values_list("pk", flat=True)[:CHOICE])
    if not due:
        return None
    # Any of them: planners that all took the first would queue for it, and all but one in vain.
    return _plan_unit(random.choice(due), now, days)  # noqa: S311 (no secret)


def _due(now: datetime, days: int) -> QuerySet[SchedulePeriod]:
    """The periods of which a date within the horizon has not been planned."""
    wanted = Q(pk__in=[])
    for zone in Airport.objects.values_list("zone", flat=True).distinct():
        today, last = _horizon(zone, now, days)
        ahead = Q(planned_until__isnull=True) | Q(planned_until__lt=last)
        valid = Q(valid_to__isnull=True) | Q(valid_to__gte=today)
        wanted |= Q(flight__origin__zone=zone, valid_from__lte=last) & ahead & valid
    unfinished = (
        Q(planned_until__isnull=True)
        | Q(valid_to__isnull=True)
        | Q(planned_until__lt=F("valid_to"))
    )
    return SchedulePeriod.objects.filter(wanted, unfinished).order_by("planned_until", "pk")


def _horizon(zone: str, now: datetime, days: int) -> tuple[date, date]:
    """The first and the last local date to be planned."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return today, today + timedelta(days=days - 1)


@unit_of_work
def _plan_unit(period_id: int, now: datetime, days: int) -> Planned:
    """Plan the next dates of a period; who comes second finds them planned."""
    period = SchedulePeriod.objects.select_related("flight__origin", "aircraft_type").get(
        pk=period_id
    )
    first, last = _horizon(period.flight.origin.zone, now, days)
    if period.planned_until is not None:
        first = max(first, period.planned_until + timedelta(days=1))
    first = max(first, period.valid_from)
    last = min(last, period.valid_to or last, first + timedelta(days=DATES_PER_UNIT - 1))
    if last < first:
        return Planned(period, last, 0)
    period.mark_planned(last)
    return Planned(period, last, _make(period, list(period.dates(first, last))))


def _make(period: SchedulePeriod, dates: list[date]) -> int:
    """Make the departures that are not there, with their seats; how many."""
    there = set(_departures(period, dates).values_list("date", flat=True))
    missing = [day for day in dates if day not in there]
    try:
        Departure.objects.bulk_create(_departure(period, day) for day in missing)
    except IntegrityError as error:
        raise LostRace(f"departures of {period.flight} are being made by somebody else") from error
    made = _departures(period, missing).order_by("date")
    _make_seats(period, list(made.values_list("pk", flat=True)))
    return len(missing)


def _departures(period: SchedulePeriod, dates: Collection[date]) -> QuerySet[Departure]:
    return Departure.objects.filter(flight=period.flight_id, date__in=dates)


def _departure(period: SchedulePeriod, day: date) -> Departure:
    return Departure(
        flight_id=period.flight_id,
        date=day,
        departs_at=period.departs_at(day),
        arrives_at=period.arrives_at(day),
        aircraft_type_id=period.aircraft_type_id,
    )


def _make_seats(period: SchedulePeriod, departures: list[int]) -> None:
    """The seats of the first departure, from the seat map, and the same for the others."""
    if departures:
        first, *others = departures
        Seat.objects.bulk_create(_seat(first, place) for place in period.aircraft_type.places())
        _copy_seats(first, others)


def _seat(departure_id: int, place: Place) -> Seat:
    status = Seat.Status.BLOCKED if place.is_blocked else Seat.Status.FREE
    return Seat(departure_id=departure_id, number=place.number, cabin=place.cabin, status=status)


def _copy_seats(departure_id: int, others: list[int]) -> None:
    """Raw SQL, because the ORM has no INSERT … SELECT: sending every row made planning five times
    slower. The seats copied are this transaction's own, which nobody else has seen."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO seat (departure_id, number, cabin, status) "
            "SELECT %s, number, cabin, status FROM seat WHERE departure_id = %s ORDER BY id",
            [(other, departure_id) for other in others],
        )
