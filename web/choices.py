"""What a visitor has chosen so far. All of it is in the addresses of the pages, so that going back,
reloading and sharing a link do what one expects."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.http import QueryDict

from web.answers import Reservation

MOST_PASSENGERS: Final = 9
SEAT: Final = re.compile(r"[1-9][0-9]?[A-HJK]")
NAME: Final = re.compile(r"[A-Z_]{1,20}")
KINDS: Final = ("adults", "children", "infants")
TYPES: Final = ("ADULT", "CHILD", "INFANT")


class Unfit(Exception):
    """No page has such an address."""


@dataclass(frozen=True, kw_only=True)
class Party:
    """How many fly together: at most nine, and somebody who is grown up."""

    adults: int = 1
    children: int = 0
    infants: int = 0

    @property
    def size(self) -> int:
        """How many there are."""
        return self.adults + self.children + self.infants

    @property
    def types(self) -> tuple[str, ...]:
        """What each of them is, the adults first."""
        counts = (self.adults, self.children, self.infants)
        return tuple(kind for kind, count in zip(TYPES, counts, strict=True) for _ in range(count))

    def query(self) -> dict[str, int]:
        """As an address has it."""
        return {kind: getattr(self, kind) for kind in KINDS if getattr(self, kind)}

    def passengers(self, seats: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """As the API is told of them; who has chosen no seat is given one."""
        return [
            {
                "passenger_id": number + 1,
                "type": kind,
                **({"seat_number": seats[number]} if number < len(seats) else {}),
            }
            for number, kind in enumerate(self.types)
        ]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A departure, a family of fares, who flies, and perhaps seats, in the order of the party."""

    flight_number: int
    day: date
    cabin: str
    fare_family: str
    party: Party
    seats: tuple[str, ...] = ()
    # Whose names are to be filled in: a reservation that has come to nothing.
    again: str = ""

    @property
    def passengers(self) -> list[dict[str, Any]]:
        """As the API is told of them."""
        return self.party.passengers(self.seats)

    def query(self) -> str:
        """As an address has it, behind the departure."""
        chosen: dict[str, Any] = {"cabin": self.cabin, "fare": self.fare_family}
        more = {"again": self.again} if self.again else {}
        return urlencode({**chosen, **self.party.query(), "seat": self.seats, **more}, doseq=True)

    def with_seats(self, seats: tuple[str, ...]) -> "Choice":
        """The same with other seats."""
        return replace(self, seats=seats)

    def instead(self, lost: str, found: str) -> "Choice":
        """The same with another seat for one that was lost."""
        return self.with_seats(tuple(found if seat == lost else seat for seat in self.seats))


def party_of(query: Mapping[str, Any]) -> Party:
    """Who flies.

    Raises:
        Unfit: nobody, too many, or nobody who is grown up.
    """
    counts = {kind: _count(query.get(kind) or "0") for kind in KINDS}
    party = Party(**counts)
    if not party.adults or party.size > MOST_PASSENGERS:
        raise Unfit
    return party


def choice_of(query: QueryDict, flight_number: int, day: date) -> Choice:
    """What is chosen by an address.

    Raises:
        Unfit: it is none of ours.
    """
    party = party_of(query)
    seats = tuple(seat.upper() for seat in query.getlist("seat") if seat)
    names = query.get("cabin", ""), query.get("fare", "")
    if not all(NAME.fullmatch(name) for name in names):
        raise Unfit
    if not all(SEAT.fullmatch(seat) for seat in seats) or len(set(seats)) != len(seats):
        raise Unfit
    return Choice(
        flight_number=flight_number,
        day=day,
        cabin=names[0],
        fare_family=names[1],
        party=party,
        seats=seats,
        again=query.get("again", "")[:36],
    )


def choice_again(reservation: Reservation) -> Choice | None:
    """The same once more, for a reservation that has come to nothing; none where its price, and so
    the family of its fare, was never known."""
    family = reservation.price.fare_family if reservation.price else None
    if not family:
        return None
    types = [passenger.type for passenger in reservation.passengers]
    counts = {kind: types.count(name) for kind, name in zip(KINDS, TYPES, strict=True)}
    seats = [
        passenger.seat_number
        for name in TYPES
        for passenger in reservation.passengers
        if passenger.type == name
    ]
    return Choice(
        flight_number=reservation.flight_number,
        day=reservation.departure_date,
        cabin=reservation.cabin,
        fare_family=family,
        party=Party(**counts),
        seats=tuple(seats),
        again=reservation.id,
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 2:
        raise Unfit
    return int(text)
