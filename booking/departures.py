"""What happens to a departure once it is planned: it closes and leaves, or it is canceled."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from booking.models import Departure
from outbox.transactions import unit_of_work

AT_ONCE: Final = 500
Status = Departure.Status


def advance_departures(*, now: datetime) -> int:
    """Close the departures whose check-in is over, and record which have left.

    At most `AT_ONCE` of each, so that a call is short; meant to be called all the time, by any
    number of processes.

    Args:
        now: the current time, UTC.

    Returns:
        How many departures were moved; 0 when there is nothing more to do.
    """
    check_in_ends = now + timedelta(minutes=settings.CHECK_IN_CUT_OFF_MINUTES)
    closed = _move_due(Status.OPEN, Status.CLOSED, due=check_in_ends)
    return closed + _move_due(Status.CLOSED, Status.DEPARTED, due=now)


def _move_due(before: Departure.Status, after: Departure.Status, *, due: datetime) -> int:
    found = Departure.objects.filter(status=before, departs_at__lte=due).order_by("departs_at")
    departures = list(found.values_list("pk", flat=True)[:AT_ONCE])
    return _move_all(departures, before, after) if departures else 0


@unit_of_work
def _move_all(departures: list[int], before: Departure.Status, after: Departure.Status) -> int:
    return Departure.move_all(departures, before, after)


@unit_of_work
def close_departure(*, departure_id: int) -> None:
    """Stop selling a departure before its check-in ends.

    Raises:
        Departure.DoesNotExist, IllegalDeparture: there is no such departure, or it is not open.
    """
    Departure.objects.select_related("flight").get(pk=departure_id).move_to(Status.CLOSED)


@unit_of_work
def cancel_departure(*, departure_id: int) -> None:
    """Cancel a departure that has not left; `cancel_those_on_canceled_departures` follows.

    Raises:
        Departure.DoesNotExist, IllegalDeparture: there is no such departure, or it has left, or it
            is canceled already.
    """
    Departure.objects.select_related("flight").get(pk=departure_id).move_to(Status.CANCELED)
