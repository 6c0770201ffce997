"""What an offer promises. The id of an offer is this, signed, so that nobody has to look it up.

The signing is Django's (`django.core.signing`), in the few lines of each service that needs it:
`dumps` and `loads` with `SALT`, its JSON and its compression. What is signed can be read by
anybody who has it, and is nothing that they were not shown.
"""

from datetime import date
from typing import Annotated, Final

import msgspec

from contracts.values import (
    Airport,
    BookingClass,
    Cabin,
    Carrier,
    FlightNumber,
    Moment,
    PassengerId,
    PassengerType,
    Price,
    SeatNumber,
)

SALT: Final = "airline.offer.v1"


class OfferedPassenger(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the offer is for; with a seat, where one was chosen and is in the price."""

    passenger_id: PassengerId
    type: PassengerType
    seat_number: SeatNumber | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A price for these passengers on this departure, guaranteed until `expires_at`.

    It holds no seat. It is for this departure, cabin and booking class, for these passengers with
    these types, and for the seats that they chose: who chose none is given one at no charge.
    """

    expires_at: Moment
    carrier: Carrier
    flight_number: FlightNumber
    origin: Airport
    destination: Airport
    departure_date: date
    departs_at: Moment
    cabin: Cabin
    booking_class: BookingClass
    passengers: Annotated[tuple[OfferedPassenger, ...], msgspec.Meta(min_length=1, max_length=9)]
    price: Price
