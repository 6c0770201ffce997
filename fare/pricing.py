"""What an itinerary costs: a pure function of a request and the rules.

A price is made of whole minor units of the fare's currency, and rounded in one place only:

- The base of an adult is the fare's amount. The base of a child or an infant is that amount less
  the fare's discount, each passenger's rounded by itself to the nearest minor unit, a half up:
  `base = (amount * (100 - discount) + 50) // 100`.
- Taxes and charges are fixed amounts for each passenger, and taken as they are. Each row that
  applies is charged: for the origin, its country or everywhere on departure, for the destination,
  its country or everywhere on arrival.
- A chosen seat costs what the dearest of its characteristics costs; nothing, where the fare's
  family includes seats. A seat that was given, and not chosen, costs nothing.
- The total is the sum of the lines; a fare under which it is nothing is not sold. Nothing is
  converted: only fares in the wanted currency, or else the origin's, are compared; one whose taxes
  or charges are known in others alone is refused.

Of the fares that apply to the whole party, the one with the least total is chosen; of two that cost
the same, the one whose fare basis sorts first. Where none applies, the refusal is that of the fare
that came furthest through the rules, in the order of `Rule`: it is nearest to being sold.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import chain
from typing import Final

from msgspec.structs import replace

from contracts.values import Itinerary, Passenger, Price, PriceLine
from fare.rules import ORDER, Fare, Levy, Request, Rule, Rules, SeatCharge

FARE: Final = "FARE"


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """What it costs under a fare."""

    fare: Fare
    price: Price


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Why a fare is not sold; `fare` is which, where there was one."""

    rule: Rule
    text: str
    fare: Fare | None = None


def quote(request: Request, rules: Rules) -> Quoted | Refused:
    """The cheapest fare that applies, or why none does."""
    found = quotes(request, rules)
    return found if isinstance(found, Refused) else found[0]


def quotes(request: Request, rules: Rules) -> list[Quoted] | Refused:
    """The cheapest fare of each family that applies, the cheapest first; or why none does."""
    due = _Due.of(request, rules)
    outcomes = [_outcome(fare, request, due) for fare in _of_market(request, rules)]
    sold = sorted((one for one in outcomes if isinstance(one, _Sold)), key=_by_price)
    if sold:
        return [
            Quoted(fare=one.fare, price=_price(one, request, due))
            for one in _first_of_each_family(sold)
        ]
    refused = [one for one in outcomes if isinstance(one, Refused)]
    return min(refused, key=_furthest_first) if refused else _no_fare(request)


@dataclass(frozen=True)
class _Sold:
    """A fare that applies, and what it comes to. A market may have hundreds: only for those that
    are told is the price put down line by line."""

    fare: Fare
    total: int


def _by_price(sold: _Sold) -> tuple[int, str]:
    return sold.total, sold.fare.basis


def _furthest_first(refused: Refused) -> tuple[int, int, str]:
    fare = refused.fare
    return -ORDER[refused.rule], fare.amount if fare else 0, fare.basis if fare else ""


def _first_of_each_family(sold: list[_Sold]) -> list[_Sold]:
    first: dict[str, _Sold] = {}
    for one in sold:
        first.setdefault(one.fare.family, one)
    return list(first.values())


def _of_market(request: Request, rules: Rules) -> Iterator[Fare]:
    itinerary = request.itinerary
    market = (itinerary.origin, itinerary.destination, itinerary.cabin)
    for fare in rules.fares:
        if (
            (fare.origin, fare.destination, fare.cabin) == market
            and itinerary.booking_class in (None, fare.booking_class)
            and request.family in (None, fare.family)
        ):
            yield fare


def _no_fare(request: Request) -> Refused:
    itinerary = request.itinerary
    asked: list[str] = [itinerary.cabin]
    if itinerary.booking_class:
        asked.append(f"class {itinerary.booking_class}")
    if request.family:
        asked.append(request.family)
    market = f"{itinerary.origin}-{itinerary.destination}"
    return Refused(rule=Rule.NO_FARE, text=f"There is no fare for {market} in {', '.join(asked)}.")


def _outcome(fare: Fare, request: Request, due: "_Due") -> _Sold | Refused:
    for rule, check in CHECKS.items():
        if text := check(fare, request, due):
            return Refused(rule=rule, text=f"{fare.basis} {text}.", fare=fare)
    total = sum(base(fare, one) for one in request.passengers) + due.beside(fare)
    if not total:
        text = f"{fare.basis} comes to nothing, which no card can be asked for."
        return Refused(rule=Rule.NOTHING_TO_PAY, text=text, fare=fare)
    return _Sold(fare, total)


# What has to be paid beside whichever fare


@dataclass(frozen=True, kw_only=True)
class _Due:
    """What an itinerary costs beside the fare: worked out once, for all of a market's fares.

    Args:
        currency: what is paid in.
        levies: taxes first, in the order of their codes.
        seats: what the chosen seats' characteristics cost.
        seat_charges: what each characteristic costs in the cabin, in the currency.
        passengers: who flies.
    """

    passengers: Sequence[Passenger]
    currency: str
    levies: tuple[Levy, ...]
    seats: tuple[SeatCharge, ...]
    seat_charges: dict[str, int]

    @classmethod
    def of(cls, request: Request, rules: Rules) -> "_Due":
        """What is due for a request."""
        itinerary = request.itinerary
        currency = request.currency or rules.currencies.get(itinerary.origin, "")
        of_cabin = (one for one in rules.seat_charges if one.cabin == itinerary.cabin)
        return cls(
            passengers=request.passengers,
            currency=currency,
            seat_charges={
                one.characteristic: one.amount for one in of_cabin if one.currency == currency
            },
            levies=tuple(sorted(_levies(itinerary, rules), key=_as_told)),
            seats=tuple(_seats(request, rules)),
        )

    @cached_property
    def levied(self) -> tuple[tuple[PriceLine, ...], ...]:
        """Each passenger's taxes and charges."""
        return tuple(tuple(_levied(one, self)) for one in self.passengers)

    @cached_property
    def seated(self) -> tuple[tuple[PriceLine, ...], ...]:
        """Each passenger's chosen seat."""
        return tuple(tuple(_seated(one, self)) for one in self.passengers)

    def beside(self, fare: Fare) -> int:
        """What is paid beside a fare's own amounts."""
        return self._levies_total + (0 if fare.includes_seats else self._seats_total)

    @cached_property
    def _levies_total(self) -> int:
        return _sum(chain.from_iterable(self.levied))

    @cached_property
    def _seats_total(self) -> int:
        return _sum(chain.from_iterable(self.seated))

    @cached_property
    def in_currency(self) -> tuple[Levy, ...]:
        """The levies as they are paid."""
        return tuple(levy for levy in self.levies if levy.currency == self.currency)

    @cached_property
    def unpayable_levy(self) -> str | None:
        """A tax or charge that cannot be paid in the currency."""
        return _unpayable(((one.code, one.currency) for one in self.levies), self.currency)

    @cached_property
    def unpayable_seat(self) -> str | None:
        """A chosen seat's type that cannot be paid in the currency."""
        charges = ((f"SEAT_{one.characteristic}", one.currency) for one in self.seats)
        return _unpayable(charges, self.currency)


def _unpayable(charges: Iterable[tuple[str, str]], currency: str) -> str | None:
    """The first by its code that is there, and in other currencies only."""
    found = set(charges)
    payable = {code for code, paid_in in found if paid_in == currency}
    return min({code for code, _ in found} - payable, default=None)


def _levies(itinerary: Itinerary, rules: Rules) -> Iterator[Levy]:
    places = {
        "DEPARTURE": ("", itinerary.origin, rules.countries.get(itinerary.origin)),
        "ARRIVAL": ("", itinerary.destination, rules.countries.get(itinerary.destination)),
    }
    for levy in rules.levies:
        if levy.place in places[levy.at] and levy.cabin in ("", itinerary.cabin):
            yield levy


def _as_told(levy: Levy) -> tuple[bool, str, str, str, str]:
    return levy.kind != "TAX", levy.code, levy.at, levy.place, levy.cabin


def _seats(request: Request, rules: Rules) -> Iterator[SeatCharge]:
    chosen = {name for one in request.passengers if one.seat for name in one.seat.characteristics}
    for charge in rules.seat_charges:
        if charge.cabin == request.itinerary.cabin and charge.characteristic in chosen:
            yield charge


# The rules: each says why a fare is not sold, or nothing


def _currency(fare: Fare, request: Request, due: _Due) -> str | None:
    if fare.currency != due.currency:
        return f"is in {fare.currency}, not in {due.currency}"
    unpayable = due.unpayable_levy or (None if fare.includes_seats else due.unpayable_seat)
    return f"is in {fare.currency}, and {unpayable} in others only" if unpayable else None


def _passenger_type(fare: Fare, request: Request, due: _Due) -> str | None:
    refused = {one.type for one in request.passengers if fare.discount(one.type) is None}
    return f"is not sold for {', '.join(sorted(refused))}" if refused else None


def _sale_dates(fare: Fare, request: Request, due: _Due) -> str | None:
    if request.sale_date in fare.sale:
        return None
    return f"is sold from {fare.sale}"


def _travel_dates(fare: Fare, request: Request, due: _Due) -> str | None:
    if request.itinerary.departure_date in fare.travel:
        return None
    return f"is for departures from {fare.travel}"


def _day_of_week(fare: Fare, request: Request, due: _Due) -> str | None:
    if str(request.itinerary.departure_date.isoweekday()) in fare.days:
        return None
    return f"is for departures on the days {fare.days} of the week"


def _blackout_date(fare: Fare, request: Request, due: _Due) -> str | None:
    day = request.itinerary.departure_date
    closed = next((period for period in fare.blackouts if day in period), None)
    return f"is not sold for departures from {closed}" if closed else None


def _advance_purchase(fare: Fare, request: Request, due: _Due) -> str | None:
    left = request.time_left
    if left <= timedelta(0):
        return "is not sold for what has left"
    if left < timedelta(days=fare.advance_purchase_days):
        return f"is sold at least {fare.advance_purchase_days} days before the departure"
    return None


def _class_closed(fare: Fare, request: Request, due: _Due) -> str | None:
    left = fare.authorization_level - request.seats_sold.get(fare.booking_class, 0)
    if len(request.passengers) <= left:
        return None
    return f"has {max(left, 0)} seats left in class {fare.booking_class}"


Check = Callable[[Fare, Request, _Due], str | None]

CHECKS: Final[Mapping[Rule, Check]] = {
    Rule.CURRENCY_MISMATCH: _currency,
    Rule.PASSENGER_TYPE: _passenger_type,
    Rule.SALE_DATES: _sale_dates,
    Rule.TRAVEL_DATES: _travel_dates,
    Rule.DAY_OF_WEEK: _day_of_week,
    Rule.BLACKOUT_DATE: _blackout_date,
    Rule.ADVANCE_PURCHASE: _advance_purchase,
    Rule.CLASS_CLOSED: _class_closed,
}

# The price


def _price(sold: _Sold, request: Request, due: _Due) -> Price:
    fare = sold.fare
    return Price(
        total=sold.total,
        currency=fare.currency,
        lines=tuple(_lines(fare, request, due)),
        fare_basis=fare.basis,
        fare_family=fare.family,
        conditions=replace(fare.conditions, seat_charges=_seat_charges(fare, due)),
    )


def _seat_charges(fare: Fare, due: _Due) -> dict[str, int]:
    """What seats that are chosen later would cost, in the fare's currency."""
    return {} if fare.includes_seats else due.seat_charges


def _lines(fare: Fare, request: Request, due: _Due) -> Iterator[PriceLine]:
    """What each passenger pays."""
    for one, levied, seated in zip(request.passengers, due.levied, due.seated, strict=True):
        amount = base(fare, one)
        yield PriceLine(kind="BASE", code=FARE, amount=amount, passenger_id=one.passenger_id)
        yield from levied
        if not fare.includes_seats:
            yield from seated


def base(fare: Fare, passenger: Passenger) -> int:
    """A passenger's base fare, rounded as the module says, for a type that the fare is sold for."""
    return (fare.amount * (100 - (fare.discount(passenger.type) or 0)) + 50) // 100


def _levied(passenger: Passenger, due: _Due) -> Iterator[PriceLine]:
    who = passenger.passenger_id
    for levy in due.in_currency:
        if passenger.type not in levy.exempt:
            yield PriceLine(kind=levy.kind, code=levy.code, amount=levy.amount, passenger_id=who)


def _seated(passenger: Passenger, due: _Due) -> Iterator[PriceLine]:
    if not passenger.seat:
        return
    of_seat = [
        charge
        for charge in due.seats
        if charge.characteristic in passenger.seat.characteristics
        and charge.currency == due.currency
    ]
    if of_seat:
        dearest = max(of_seat, key=lambda charge: (charge.amount, charge.characteristic))
        yield PriceLine(
            kind="CHARGE",
            code=f"SEAT_{dearest.characteristic}",
            amount=dearest.amount,
            passenger_id=passenger.passenger_id,
        )


def _sum(lines: Iterable[PriceLine]) -> int:
    return sum(line.amount for line in lines)
