"""Planning departures."""

from datetime import date, timedelta
from typing import Final

from django.db import IntegrityError

from booking.models import Departure, Flight, Seat
from outbox.transactions import LostRace, unit_of_work

SEATS_PER_INSERT: Final = 1000


@unit_of_work
def plan_departures(flight: Flight, *, first: date, days: int) -> int:
    """Make the departures of a flight, with their seats, that are not there yet.

    Args:
        flight: the flight, flown daily.
        first: the first local date.
        days: how many dates, from the first.

    Returns:
        How many departures were made.
    """
    wanted = [first + timedelta(days=day) for day in range(days)]
    planned = set(flight.departures.filter(date__in=wanted).values_list("date", flat=True))
    missing = [day for day in wanted if day not in planned]
    try:
        made = [
            Departure.objects.create(flight=flight, date=day, departs_at=flight.departs_at(day))
            for day in missing
        ]
    except IntegrityError as error:
        raise LostRace(f"departures of {flight} are being planned by somebody else") from error
    Seat.objects.bulk_create(
        (
            Seat(departure=departure, number=number)
            for departure in made
            for number in flight.seat_numbers()
        ),
        batch_size=SEATS_PER_INSERT,
    )
    return len(made)
