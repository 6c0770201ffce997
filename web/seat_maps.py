"""A departure's seats as they are drawn: cabins, rows, aisles, exits, and what each seat costs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from web.answers import Price, Seat, SeatMap

# By the convention of all aircraft an aisle is between C and D, and in wide ones another between
# G and H, whichever letters there are.
AISLES: Final = ("D", "H")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A seat that is drawn.

    `state` is free, taken, held, own (of this reservation), dearer (than may be had) or closed
    (of another cabin). `price` is in minor units, `tier` counts the prices of the map from 0.
    """

    number: str
    letter: str
    position: str
    state: str
    price: int
    tier: int
    is_exit: bool
    is_chosen: bool

    @property
    def can_be_chosen(self) -> bool:
        """Whether it is for the visitor to choose."""
        return self.state in ("free", "own")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row; `groups` are what the aisles leave together. A seat that is missing is None."""

    number: int
    is_exit: bool
    groups: tuple[tuple[Place | None, ...], ...]


@dataclass(frozen=True, kw_only=True)
class CabinMap:
    """A cabin: the letters above it, and its rows."""

    cabin: str
    letters: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A whole aircraft. `prices` are the tiers, the cheapest first."""

    cabins: tuple[CabinMap, ...]
    prices: tuple[int, ...]

    @property
    def states(self) -> frozenset[str]:
        """What there is among its seats."""
        return frozenset(place.state for place in self.places)

    @property
    def places(self) -> Iterator[Place]:
        """Every seat."""
        for cabin in self.cabins:
            for row in cabin.rows:
                yield from (place for group in row.groups for place in group if place)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """For whom it is drawn.

    Args:
        cabin: where they may sit.
        charges: what seats cost, by what they are beside.
        chosen: what they have chosen.
        own: what they have already.
        most: what a seat may cost, if that is bounded.
    """

    cabin: str
    charges: Mapping[str, int]
    chosen: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    most: int | None = None

    def price(self, seat: Seat) -> int:
        """What a seat costs: what the dearest of its characteristics costs."""
        names = [seat.position or "", *(["EXIT_ROW"] if seat.exit_row else [])]
        return max((self.charges.get(name, 0) for name in names), default=0)

    def state(self, seat: Seat) -> str:
        """What a seat is to them."""
        if seat.seat_number in self.own:
            return "own"
        if seat.cabin != self.cabin:
            return "closed"
        if seat.status != "FREE":
            return "held" if seat.status == "HELD" else "taken"
        is_dearer = self.most is not None and self.price(seat) > self.most
        return "dearer" if is_dearer else "free"


def draw(seat_map: SeatMap, terms: Terms) -> Drawing:
    """The drawing of a departure's seats."""
    open_seats = [seat for seat in seat_map.seats if seat.cabin == terms.cabin]
    prices = tuple(sorted({terms.price(seat) for seat in open_seats}))
    by_cabin = groupby(seat_map.seats, key=lambda seat: seat.cabin)
    cabins = tuple(_cabin(name, tuple(seats), terms, prices) for name, seats in by_cabin)
    return Drawing(cabins=cabins, prices=prices)


def _cabin(name: str, seats: tuple[Seat, ...], terms: Terms, prices: tuple[int, ...]) -> CabinMap:
    letters = _grouped(sorted({seat.letter for seat in seats}))
    rows = groupby(seats, key=lambda seat: seat.row)
    return CabinMap(
        cabin=name,
        letters=letters,
        rows=tuple(_row(number, of_row, letters, terms, prices) for number, of_row in rows),
        is_open=name == terms.cabin,
    )


def _grouped(letters: list[str]) -> tuple[tuple[str, ...], ...]:
    """The letters with an aisle between every two groups."""
    by_aisle = groupby(letters, key=lambda letter: sum(letter >= beside for beside in AISLES))
    return tuple(tuple(group) for _, group in by_aisle)


def _row(
    number: int,
    seats: Iterable[Seat],
    letters: tuple[tuple[str, ...], ...],
    terms: Terms,
    prices: tuple[int, ...],
) -> Row:
    there = {seat.letter: _place(seat, terms, prices) for seat in seats}
    return Row(
        number=number,
        is_exit=any(place.is_exit for place in there.values()),
        groups=tuple(tuple(there.get(letter) for letter in group) for group in letters),
    )


def _place(seat: Seat, terms: Terms, prices: tuple[int, ...]) -> Place:
    price = terms.price(seat)
    return Place(
        number=seat.seat_number,
        letter=seat.letter,
        position=seat.position or "",
        state=terms.state(seat),
        price=price,
        tier=prices.index(price) if price in prices else 0,
        is_exit=seat.exit_row,
        is_chosen=seat.seat_number in terms.chosen,
    )


def paid_for_seat(price: Price | None, passenger_id: int) -> int:
    """What was paid for a passenger's seat, in minor units."""
    lines = price.lines if price else ()
    own = (line for line in lines if line.passenger_id == passenger_id)
    return sum(line.amount for line in own if line.code.startswith("SEAT_"))
