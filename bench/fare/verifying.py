"""What it takes booking to verify an offer."""

import time
from datetime import UTC, datetime
from typing import Final

from bench.booking import inventory
from bench.booking.offers import offer_of
from bench.report import Bound, Figure
from bench.rounds import percentile
from booking.services import Traveler
from booking.services.offers import must_match, verified

OFFERS: Final = 500
MOST_MS: Final = 1


def verifying(rounds: int) -> Figure:
    """The row of a verified offer, p99."""
    seats = inventory.spread(OFFERS)
    offered = [(seat, offer_of(seat, is_chosen=True)) for seat in seats]
    taken = []
    for _ in range(rounds):
        spent = []
        for seat, offer_id in offered:
            started = time.perf_counter()
            offer = verified(offer_id, now=datetime.now(UTC))
            must_match(
                offer,
                flight_number=seat.flight,
                departure_date=seat.date,
                cabin=None,
                booking_class="",
                travelers=[Traveler(1, seat.seat)],
            )
            spent.append(1000 * (time.perf_counter() - started))
        taken.append(percentile(spent, 99))
    return Figure(
        name="verifying an offer, p99",
        unit="ms",
        rounds=taken,
        bound=Bound(value=MOST_MS, at_most=True),
    )
