"""Priced offers for the departures of a day, each guaranteed by its signed id."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, get_args

import msgspec
from django.conf import settings
from django.core import signing
from rest_framework.exceptions import APIException

from contracts.offers import SALT, Offer, OfferedPassenger
from contracts.values import Passenger, PassengerType, Seat
from fare import selectors
from fare.departures import Departure, departures
from fare.messages import OfferPassenger, OffersRequest, PricedOffer
from fare.pricing import Quoted, Refused, quotes
from fare.refusals import (
    NoFare,
    PassengerTwice,
    SeatTwice,
    SeatUnavailable,
    UnknownPassengerType,
    refused,
)
from fare.rules import Request, Rules

TYPES: Final = get_args(PassengerType)

Priced = tuple[Departure, Sequence[Passenger], Quoted]


def offers(asked: OffersRequest, *, now: datetime) -> list[PricedOffer]:
    """The cheapest offers, of each departure one of each fare family at most.

    None, where nothing departs that day that has room for all. Where something does and cannot be
    sold, the earliest departure's refusal is raised.

    Raises:
        UnknownPassengerType, PassengerTwice, SeatTwice: nobody can fly like this.
        NoFare: the market has no fares in the cabin; booking has not been asked.
        BookingUnavailable: booking could not be asked.
        SeatUnavailable: a chosen seat cannot be had.
        FareRefused: no fare is sold, by the rules.
    """
    _must_be_fit(asked.passengers)
    rules = selectors.rules_for(
        origin=asked.origin,
        destination=asked.destination,
        cabin=asked.cabin,
    )
    if not rules.fares:
        raise NoFare(f"There is no fare for {asked.origin}-{asked.destination} in {asked.cabin}.")
    found = departures(
        origin=asked.origin,
        destination=asked.destination,
        day=asked.departure_date,
        cabin=asked.cabin,
        passengers=len(asked.passengers),
        flight_number=asked.flight_number,
    )
    priced, refusals = _price_all(found, asked, rules, now)
    if refusals and not priced:
        raise refusals[0]
    priced.sort(key=_cheapest_first)
    return [_offer(one, asked, now) for one in priced[: asked.limit]]


def _must_be_fit(passengers: Sequence[OfferPassenger]) -> None:
    for one in passengers:
        if one.type not in TYPES:
            raise UnknownPassengerType(f"{one.type} is none of {', '.join(TYPES)}.")
    if len({one.passenger_id for one in passengers}) < len(passengers):
        raise PassengerTwice("A passenger is there twice.")
    seats = [one.seat_number for one in passengers if one.seat_number]
    if len(set(seats)) < len(seats):
        raise SeatTwice("A seat is there twice.")


def _price_all(
    found: Sequence[Departure], asked: OffersRequest, rules: Rules, now: datetime
) -> tuple[list[Priced], list[APIException]]:
    """What can be sold, and why the other departures cannot."""
    priced: list[Priced] = []
    refusals: list[APIException] = []
    for departure in found:
        try:
            passengers = _seated(asked, departure)
        except SeatUnavailable as error:
            refusals.append(error)
            continue
        outcome = quotes(_request(departure, passengers, asked, now), rules)
        if isinstance(outcome, Refused):
            refusals.append(refused(outcome))
        else:
            priced += [(departure, passengers, quoted) for quoted in outcome]
    return priced, refusals


def _seated(asked: OffersRequest, departure: Departure) -> list[Passenger]:
    """The passengers, with the seats that they have chosen on a departure."""
    return [
        Passenger(
            passenger_id=one.passenger_id,
            type=msgspec.convert(one.type, PassengerType),
            seat=_seat(one, asked, departure),
        )
        for one in asked.passengers
    ]


def _seat(one: OfferPassenger, asked: OffersRequest, departure: Departure) -> Seat | None:
    if one.seat_number is None:
        return None
    seat = departure.free_seat(one.seat_number, asked.cabin)
    if seat is None:
        raise SeatUnavailable(
            f"{one.seat_number} is not free in {asked.cabin} of flight {departure.flight_number}."
        )
    return seat


def _request(
    departure: Departure, passengers: Sequence[Passenger], asked: OffersRequest, now: datetime
) -> Request:
    return Request(
        asked_at=now,
        itinerary=departure.itinerary(asked.cabin, asked.booking_class),
        passengers=passengers,
        seats_sold=departure.seats_sold(asked.cabin),
        currency=asked.currency,
    )


def _cheapest_first(priced: Priced) -> tuple[int, datetime, int, str]:
    departure, _, quoted = priced
    return (
        quoted.price.total,
        departure.departs_at,
        departure.flight_number,
        quoted.fare.basis,
    )


def _offer(priced: Priced, asked: OffersRequest, now: datetime) -> PricedOffer:
    departure, passengers, quoted = priced
    latest = now.replace(microsecond=0) + timedelta(minutes=settings.OFFER_MINUTES)
    offer = Offer(
        expires_at=min(latest, departure.departs_at),
        carrier=departure.carrier,
        flight_number=departure.flight_number,
        origin=departure.origin,
        destination=departure.destination,
        departure_date=departure.departure_date,
        departs_at=departure.departs_at,
        cabin=asked.cabin,
        booking_class=quoted.fare.booking_class,
        passengers=tuple(
            OfferedPassenger(
                passenger_id=one.passenger_id,
                type=one.type,
                seat_number=one.seat.number if one.seat else None,
            )
            for one in passengers
        ),
        price=quoted.price,
    )
    return PricedOffer(
        offer_id=signed(offer),
        expires_at=offer.expires_at,
        carrier=offer.carrier,
        flight_number=offer.flight_number,
        origin=offer.origin,
        destination=offer.destination,
        departure_date=offer.departure_date,
        departs_at=offer.departs_at,
        arrives_at=departure.arrives_at,
        cabin=offer.cabin,
        booking_class=offer.booking_class,
        fare_family=quoted.fare.family,
        price=offer.price,
    )


def signed(offer: Offer) -> str:
    """The id of an offer: what it promises, signed with the current key."""
    current = settings.OFFER_SIGNING_KEYS[0]
    return signing.dumps(msgspec.to_builtins(offer), key=current, salt=SALT, compress=True)
