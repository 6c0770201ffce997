"""Offers as fare signs them, for what the benchmarks buy: at the price of an offer a reservation is
made and paid as it was at the list price, without a quoting step."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

import msgspec
from django.conf import settings
from django.core import signing

from bench.booking.inventory import Asked
from contracts.offers import SALT, Offer, OfferedPassenger
from contracts.values import Price, PriceLine

AMOUNT: Final = 12900
LASTS: Final = timedelta(days=1)


def offer_of(seat: Asked, *, is_chosen: bool) -> str:
    """The id of an offer to passenger 1, on the seat or on any."""
    chosen = seat.seat if is_chosen else None
    line = PriceLine(kind="BASE", code="FARE", amount=AMOUNT, passenger_id=1)
    offer = Offer(
        expires_at=datetime.now(UTC) + LASTS,
        carrier="ZQ",
        flight_number=seat.flight,
        origin="ARN",
        destination="LHR",
        departure_date=seat.date,
        departs_at=datetime.combine(seat.date, time(12), UTC),
        cabin="ECONOMY",
        booking_class="Y",
        passengers=(OfferedPassenger(passenger_id=1, type="ADULT", seat_number=chosen),),
        price=Price(total=AMOUNT, currency="EUR", lines=(line,), fare_basis="YBENCH"),
    )
    key = settings.OFFER_SIGNING_KEYS[0]
    return signing.dumps(msgspec.to_builtins(offer), key=key, salt=SALT, compress=True)
