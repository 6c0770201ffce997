"""Fares, taxes and charges as pricing reads them: values, without a database behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from contracts.values import Conditions, Itinerary, Passenger, PassengerType

EVERY_DAY: Final = "1234567"


class Rule(StrEnum):
    """What a fare may be refused by, in the order in which it is asked."""

    NO_FARE = "no_fare"
    CURRENCY_MISMATCH = "currency_mismatch"
    PASSENGER_TYPE = "passenger_type"
    SALE_DATES = "sale_dates"
    TRAVEL_DATES = "travel_dates"
    DAY_OF_WEEK = "day_of_week"
    BLACKOUT_DATE = "blackout_date"
    ADVANCE_PURCHASE = "advance_purchase"
    CLASS_CLOSED = "class_closed"
    NOTHING_TO_PAY = "nothing_to_pay"


Kind = Literal["TAX", "CHARGE"]
At = Literal["DEPARTURE", "ARRIVAL"]

ORDER: Final = {rule: place for place, rule in enumerate(Rule)}


@dataclass(frozen=True, kw_only=True)
class Period:
    """Dates from the first to the last, both included; without a last one, without an end."""

    first: date
    last: date | None = None

    def __contains__(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)

    def __str__(self) -> str:
        return f"{self.first} to {self.last or 'further notice'}"


@dataclass(frozen=True, kw_only=True)
class Fare:
    """A price for one seat on a market, and under which rules it is sold.

    Args:
        basis: the fare basis code, which names the fare on its market.
        includes_seats: whether a seat may be chosen without a charge.
        amount: what an adult pays, in minor units of `currency`, before taxes and charges.
        discounts: what other types of passengers pay less, in percent; a type that is not here is
            not sold this fare.
        sale, travel: dates on which it is sold, in UTC, and on which it departs, local there.
        days: the days of the week on which it departs, 1 is Monday.
        advance_purchase_days: how many times 24 hours before the departure it is sold at the
            latest; 0: as long as the departure has not left.
        authorization_level: how many seats of its booking class may be sold on one departure.
    """

    basis: str
    family: str
    includes_seats: bool = False
    origin: str
    destination: str
    cabin: str
    booking_class: str
    amount: int
    currency: str
    discounts: Mapping[str, int] = field(default_factory=dict)
    sale: Period
    travel: Period
    days: str = EVERY_DAY
    blackouts: tuple[Period, ...] = ()
    advance_purchase_days: int = 0
    authorization_level: int
    conditions: Conditions

    def discount(self, type_of_passenger: PassengerType) -> int | None:
        """What a type of passenger pays less, in percent; none: it is not sold this fare."""
        return 0 if type_of_passenger == "ADULT" else self.discounts.get(type_of_passenger)


@dataclass(frozen=True, kw_only=True)
class Levy:
    """A tax, or a charge of the carrier's, for each passenger.

    Args:
        place: an airport, a country, or nothing: everywhere.
        at: whether it is for leaving the place or for coming there.
        cabin: in which cabin alone, or nothing: in all of them.
        exempt: the types of passengers that do not pay it.
    """

    kind: Kind
    code: str
    place: str = ""
    at: At = "DEPARTURE"
    cabin: str = ""
    amount: int
    currency: str
    exempt: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class SeatCharge:
    """What choosing a seat of a type costs: WINDOW, EXIT_ROW and so on."""

    characteristic: str
    cabin: str
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All there is to price by. `countries` says in which country each airport is, `currencies` in
    what is paid there, unless another is wanted: amounts in two currencies cannot be compared."""

    fares: Sequence[Fare] = ()
    levies: Sequence[Levy] = ()
    seat_charges: Sequence[SeatCharge] = ()
    countries: Mapping[str, str] = field(default_factory=dict)
    currencies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be priced.

    Args:
        asked_at: the moment of the sale.
        itinerary: the departure and the cabin; with a booking class, no other is looked at.
        passengers: everybody who flies; who has a seat here has chosen it.
        seats_sold: by booking class, seats of the cabin that others hold or have; none where a
            class is not here.
        currency: what is to be paid in; without it, the origin's.
        family: the only fare family that will do, if any.
    """

    asked_at: datetime
    itinerary: Itinerary
    passengers: Sequence[Passenger]
    seats_sold: Mapping[str, int] = field(default_factory=dict)
    currency: str | None = None
    family: str | None = None

    @property
    def sale_date(self) -> date:
        """The date of the sale, in UTC."""
        try:
            return self.asked_at.astimezone(UTC).date()
        except OverflowError:  # at the very ends of the calendar UTC's date is none
            return self.asked_at.date()

    @property
    def time_left(self) -> timedelta:
        """How long it is from the sale to the departure; negative when that has left."""
        return self.itinerary.departs_at - self.asked_at
