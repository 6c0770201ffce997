"""Prices, as the pages compare them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial

from web import words
from web.airline import Airline
from web.answers import Departure, Offer
from web.choices import Choice, Party
from web.gateway import Refused


class NotOnSale(Exception):
    """There is no price of the family of fares that was chosen, any more."""


@dataclass(frozen=True)
class CabinOnSale:
    """A cabin of a departure: how many seats are left, and what they cost; or why they have no
    price."""

    cabin: str
    seats_left: int
    offers: tuple[Offer, ...]


@dataclass(frozen=True)
class OnSale:
    """A departure with its cabins."""

    departure: Departure
    cabins: tuple[CabinOnSale, ...]


def on_sale(
    airline: Airline, *, origin: str, destination: str, day: date, party: Party
) -> list[OnSale]:
    """A day's departures of a route, with every price for a party.

    Raises:
        Refused: there is no such airport.
    """
    departures = airline.departures(
        origin=origin, destination=destination, day=day, seats=party.size
    )
    ask = partial(
        airline.offers,
        origin=origin,
        destination=destination,
        day=day,
        passengers=party.passengers(),
    )
    names = sorted({cabin.cabin for one in departures for cabin in one.cabins})
    offers = [offer for name in names for offer in _or_none(partial(ask, cabin=name))]
    return [OnSale(one, tuple(_cabins(one, offers, party))) for one in departures]


def _or_none(ask: Callable[[], tuple[Offer, ...]]) -> tuple[Offer, ...]:
    """What is offered; nothing, where the rules of the fares allow nothing."""
    try:
        return ask()
    except Refused:
        return ()


def _cabins(departure: Departure, offers: Iterable[Offer], party: Party) -> Iterator[CabinOnSale]:
    own = [offer for offer in offers if offer.flight_number == departure.flight_number]
    for cabin in departure.cabins:
        prices = [offer for offer in own if offer.cabin == cabin.cabin]
        has_room = cabin.seats_left >= party.size
        yield CabinOnSale(cabin.cabin, cabin.seats_left, tuple(prices if has_room else ()))


def chosen_offer(airline: Airline, choice: Choice, departure: Departure) -> Offer:
    """The price of what was chosen, as of now.

    Raises:
        NotOnSale: that family of fares is not sold any more.
        Refused: a seat is not free, or the like.
    """
    offers = airline.offers(
        origin=departure.origin,
        destination=departure.destination,
        day=choice.day,
        passengers=choice.passengers,
        flight_number=choice.flight_number,
        cabin=choice.cabin,
    )
    for offer in offers:
        if offer.fare_family == choice.fare_family:
            return offer
    raise NotOnSale


@dataclass(frozen=True)
class Bill:
    """The price of what was chosen; or why there is none."""

    offer: Offer | None = None
    trouble: str = ""
    is_off_sale: bool = False

    @classmethod
    def of(cls, airline: Airline, choice: Choice, departure: Departure) -> "Bill":
        """As of now. Where chosen seats spoil it, it is that of the same without them."""
        try:
            return cls(chosen_offer(airline, choice, departure))
        except NotOnSale:
            return cls(is_off_sale=True)
        except Refused as refused:
            if not choice.seats:
                return cls(is_off_sale=True)
            without = cls.of(airline, choice.with_seats(()), departure)
            return cls(without.offer, words.told(refused), without.is_off_sale)
