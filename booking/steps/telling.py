"""What a reservation's timeline says, in words for its customer."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from booking.models import Reservation, ReservationPassenger, TimelineEntry
from contracts.fare import FareQuoted, FareRefused
from contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVoided,
    PaymentVoidFailed,
)
from outbox.inserts import insert_later

# Answers, where they come too late to change anything.
LATE: Final[Mapping[type, str]] = MappingProxyType(
    {
        FareQuoted: "fare quoted",
        FareRefused: "fare refused",
        PaymentAuthorized: "card authorized",
        PaymentDeclined: "card declined",
        PaymentCaptured: "card charged",
        PaymentCaptureFailed: "card not charged",
        PaymentVoided: "card released",
        PaymentVoidFailed: "card not released",
        PaymentRefunded: "refunded",
        PaymentRefundFailed: "not refunded",
    }
)


def note(reservation: Reservation, entry: str, detail: str, *, now: datetime) -> None:
    """Add to the reservation's timeline."""
    insert_later([noted(reservation, entry, detail, now=now)])


def noted(reservation: Reservation, entry: str, detail: str, *, now: datetime) -> TimelineEntry:
    """What is to be added to the reservation's timeline, not written yet."""
    return TimelineEntry.new(
        reservation_id=reservation.pk, at=now, entry=entry, detail=detail[:200]
    )


def seats_of(party: list[ReservationPassenger]) -> str:
    """The seats of some passengers, for people to read."""
    seats = [passenger.seat_number for passenger in party]
    return f"seat{'s' if len(party) > 1 else ''} {', '.join(seats)}"
