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
from outbox.inserts import insert

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

# Currencies whose minor unit is not a hundredth (ISO 4217): how many digits it has.
MINOR_DIGITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
        **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    }
)


def note(reservation: Reservation, entry: str, detail: str, *, now: datetime) -> None:
    """Add to the reservation's timeline."""
    insert([noted(reservation, entry, detail, now=now)])


def noted(reservation: Reservation, entry: str, detail: str, *, now: datetime) -> TimelineEntry:
    """What is to be added to the reservation's timeline, not written yet."""
    return TimelineEntry.new(
        reservation_id=reservation.pk, at=now, entry=entry, detail=detail[:200]
    )


def seats_of(party: list[ReservationPassenger]) -> str:
    """The seats of some passengers, for people to read."""
    seats = [passenger.seat_number for passenger in party]
    return f"seat{'s' if len(party) > 1 else ''} {', '.join(seats)}"


def money(amount: int, currency: str) -> str:
    """An amount in minor units, for people to read: `98.50 EUR`."""
    digits = MINOR_DIGITS.get(currency, 2)
    whole, part = divmod(amount, 10**digits)
    return f"{whole}.{part:0{digits}} {currency}" if digits else f"{whole} {currency}"
