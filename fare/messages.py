"""The bodies of `POST /api/offers` and of its answer."""

from datetime import date
from typing import Annotated

import msgspec

from contracts.values import (
    Airport,
    BookingClass,
    Cabin,
    Carrier,
    Currency,
    FareFamily,
    FlightNumber,
    Moment,
    PassengerId,
    Price,
    SeatNumber,
)


class OfferPassenger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is to fly. Who chooses no seat is given one at no charge."""

    passenger_id: PassengerId
    type: Annotated[
        str, msgspec.Meta(min_length=1, max_length=20, description="ADULT, CHILD or INFANT")
    ] = "ADULT"
    seat_number: SeatNumber | None = None


class OffersRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What offers are wanted for; the date is local to the origin."""

    origin: Airport
    destination: Airport
    departure_date: date
    cabin: Cabin = "ECONOMY"
    passengers: Annotated[tuple[OfferPassenger, ...], msgspec.Meta(min_length=1, max_length=9)]
    flight_number: FlightNumber | None = None
    booking_class: BookingClass | None = None
    currency: Currency | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=20, description="How many at most")] = 10


class PricedOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A price that is guaranteed until `expires_at`; the id is what guarantees it. No seat is held
    by it."""

    offer_id: str
    expires_at: Moment
    carrier: Carrier
    flight_number: FlightNumber
    origin: Airport
    destination: Airport
    departure_date: date
    departs_at: Moment
    arrives_at: Moment
    cabin: Cabin
    booking_class: BookingClass
    fare_family: FareFamily
    price: Price


class Offers(msgspec.Struct, frozen=True, kw_only=True):
    """The cheapest first; none where nothing departs that has room for all."""

    results: tuple[PricedOffer, ...]
