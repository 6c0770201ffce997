"""What fares are made of, and what was quoted."""

from fare.models.edition import Edition, OfTariff
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
    "Edition",
    "Fare",
    "FareFamily",
    "Levy",
    "OfTariff",
    "Quote",
    "SeatCharge",
    "conditions_of",
    "discounts_of",
]
