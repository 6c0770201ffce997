"""What fares are made of, and what was quoted."""

from fare.models.quote import Quote
from fare.models.surcharges import Airport, Levy, SeatCharge
from fare.models.tariff import (
    MOST,
    Blackout,
    Cabin,
    Fare,
    FareFamily,
    conditions_of,
    discounts_of,
)

__all__ = [
    "MOST",
    "Airport",
    "Blackout",
    "Cabin",
    "Fare",
    "FareFamily",
    "Levy",
    "Quote",
    "SeatCharge",
    "conditions_of",
    "discounts_of",
]
