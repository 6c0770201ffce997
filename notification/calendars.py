"""The flight as a calendar entry: iCalendar (RFC 5545), which every calendar program takes."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from icalendar import Calendar, Event

from contracts.values import Itinerary

# Revisions are numbered by the minute, since this moment, in which they were made: later is higher,
# and what has been sent before need not be known.
FIRST: Final = datetime(2020, 1, 1, tzinfo=UTC)


def entry(
    reservation_id: UUID,
    itinerary: Itinerary,
    *,
    summary: str,
    is_canceled: bool,
    at: datetime,
) -> bytes:
    """A calendar file with one flight: the same entry, revised, each time it is for the same
    reservation.

    Args:
        reservation_id: whose flight.
        itinerary: what is flown.
        summary: what a calendar shows.
        is_canceled: whether the entry is to be taken out.
        at: when this revision was made.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//airline//notification//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_canceled else "PUBLISH")
    event = Event()
    event.add("uid", f"{reservation_id}@airline.notification")
    event.add("sequence", int((at - FIRST).total_seconds() // 60))
    event.add("status", "CANCELLED" if is_canceled else "CONFIRMED")
    event.add("dtstamp", at.astimezone(UTC))
    # In UTC: a calendar shows it in the zone that its owner is in.
    event.add("dtstart", itinerary.departs_at.astimezone(UTC))
    event.add("dtend", itinerary.arrives_at.astimezone(UTC))
    event.add("summary", summary)
    event.add("location", itinerary.origin)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
