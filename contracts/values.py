"""Values that the events are made of. None of them has a meaning of its own without an event."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import msgspec

# What every JSON implementation can carry, and every service's columns can hold.
LARGEST: Final = 2**53 - 1
LARGEST_NUMBER: Final = 2**31 - 1

# Marks a field whose value says who somebody is or how to reach them.
PERSONAL_DATA: Final[Mapping[str, Any]] = MappingProxyType({"x-personal-data": True})


def whole(expression: str) -> str:
    """A pattern that matches the whole text, in Python and in JSON Schema's regular expressions.

    In Python, $ stands before a final line feed, too; \\Z is not known elsewhere.
    """
    return rf"^{expression}$(?!\n)"


def _text(expression: str, description: str) -> msgspec.Meta:
    return msgspec.Meta(pattern=whole(expression), description=description)


def _personal(description: str, **constraints: Any) -> msgspec.Meta:
    return msgspec.Meta(
        description=description, extra_json_schema=dict(PERSONAL_DATA), **constraints
    )


Amount = Annotated[
    int, msgspec.Meta(ge=0, le=LARGEST, description="Integer minor units of the currency")
]
# What a card is asked for: nothing is not asked.
PaymentAmount = Annotated[
    int, msgspec.Meta(ge=1, le=LARGEST, description="Integer minor units of the currency")
]
Currency = Annotated[str, _text("[A-Z]{3}", "ISO 4217 code")]
Moment = Annotated[datetime, msgspec.Meta(tz=True, description="A moment, with its zone")]
OperationNumber = Annotated[
    int,
    msgspec.Meta(
        ge=1,
        le=LARGEST_NUMBER,
        description="Booking's number of a payment operation of this reservation, from 1",
    ),
]
Locator = Annotated[str, _text("[A-HJ-NP-Z2-9]{6}", "Record locator (PNR)")]
CustomerId = Annotated[
    str, msgspec.Meta(min_length=1, max_length=150, description="Who booked: an opaque id")
]
PassengerId = Annotated[
    int, msgspec.Meta(ge=1, le=LARGEST, description="Who flies: the customer's number for them")
]
PassengerType = Literal["ADULT", "CHILD", "INFANT"]
SeatNumber = Annotated[str, _text("[1-9][0-9]?[A-HJK]", "Row and letter, such as 12A")]
Characteristic = Annotated[
    str,
    _text("[A-Z][A-Z_]{0,29}", "WINDOW, MIDDLE, AISLE, EXIT_ROW, EXTRA_LEGROOM; others may come"),
]
Carrier = Annotated[str, _text("[A-Z0-9]{2}", "IATA airline designator")]
FlightNumber = Annotated[
    int, msgspec.Meta(ge=1, le=9999, description="Without the carrier's designator")
]
Airport = Annotated[str, _text("[A-Z]{3}", "IATA airport code")]
Zone = Annotated[str, _text("[A-Za-z][A-Za-z0-9_+/-]{0,63}", "IANA time zone")]
Cabin = Literal["ECONOMY", "PREMIUM_ECONOMY", "BUSINESS", "FIRST"]
BookingClass = Annotated[str, _text("[A-Z]", "Booking class (RBD)")]
SeatsSold = Annotated[
    Mapping[BookingClass, Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]],
    msgspec.Meta(description="By booking class; a class that is not here has sold none"),
]
FareBasis = Annotated[str, _text("[A-Z0-9]{1,15}(/[A-Z0-9]{1,10})?", "Fare basis code")]
FareFamily = Annotated[str, _text("[A-Z][A-Z0-9_]{0,29}", "Fare family, such as LIGHT or FLEX")]
LineCode = Annotated[
    str, _text("[A-Z0-9][A-Z0-9_]{0,29}", "What the line is for: a tax's code, SEAT_WINDOW, …")
]
TicketNumber = Annotated[
    str, _text("[0-9]{13}", "Airline code (3), serial (9) and check digit: the rest modulo 7")
]
Text = Annotated[str, msgspec.Meta(max_length=500, description="For a person to read; or empty")]

Name = Annotated[str, _personal("A name as in the passport; or empty", max_length=100)]
Email = Annotated[
    str,
    _personal("An e-mail address", pattern=whole(r"[^@\s]{1,64}@[^@\s]{1,189}"), max_length=254),
]
Language = Annotated[
    str, _personal("BCP 47: en, or de-CH", pattern=whole("[a-z]{2,3}(-[A-Z]{2})?"))
]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an event. Consumers ignore fields they do not know."""


class Reason(Value, frozen=True, kw_only=True):
    """Why something did not go as asked: a code for programs, a text for people.

    New codes may come at any time; a program that does not know one shows the text.
    """

    code: Annotated[str, _text("[a-z][a-z0-9_]{0,59}", "Such as card_declined or blackout_date")]
    text: Text = ""


class Seat(Value, frozen=True, kw_only=True):
    """A seat of the departure."""

    number: SeatNumber
    characteristics: tuple[Characteristic, ...] = ()


class Passenger(Value, frozen=True, kw_only=True):
    """Somebody who flies; names are only in PassengerContactGiven.

    An infant on a lap has no seat.
    """

    passenger_id: PassengerId
    type: PassengerType
    seat: Seat | None = None


Passengers = Annotated[
    tuple[Passenger, ...],
    msgspec.Meta(min_length=1, max_length=9, description="The first is the reservation's own"),
]


class Itinerary(Value, frozen=True, kw_only=True):
    """The departure, and where in the aircraft.

    `departure_date` is local to the origin. `booking_class` is absent until a fare has settled it,
    `destination_zone` where it is not known.
    """

    carrier: Carrier
    flight_number: FlightNumber
    origin: Airport
    destination: Airport
    departure_date: date
    departs_at: Moment
    arrives_at: Moment
    origin_zone: Zone
    destination_zone: Zone | None = None
    cabin: Cabin
    booking_class: BookingClass | None = None


class PriceLine(Value, frozen=True, kw_only=True):
    """One part of a price; without a passenger it is for all of them together."""

    kind: Literal["BASE", "TAX", "CHARGE", "FEE"]
    code: LineCode
    amount: Amount
    passenger_id: PassengerId | None = None


class Penalty(Value, frozen=True, kw_only=True):
    """Whether a cancelation or change is allowed, and its fee per passenger."""

    allowed: bool
    fee: Amount = 0


class Conditions(Value, frozen=True, kw_only=True):
    """What the fare allows. Fees are in the price's currency.

    `refundable`: whether the base fare comes back after a cancelation that is allowed; whatever it
    is, fees are taken off. `seat_charges`: what a chosen seat costs by its characteristic, the
    dearest of which counts; one that is not here, or a fare that includes seats, costs nothing.
    """

    refundable: bool
    cancel_before_departure: Penalty
    cancel_after_departure: Penalty
    change_before_departure: Penalty
    change_after_departure: Penalty
    seat_charges: dict[Characteristic, Amount] = {}


class Price(Value, frozen=True, kw_only=True):
    """What the whole reservation costs. The total is the sum of the lines.

    A list price has neither fare nor conditions.
    """

    total: Amount
    currency: Currency
    lines: Annotated[tuple[PriceLine, ...], msgspec.Meta(min_length=1)]
    fare_basis: FareBasis | None = None
    fare_family: FareFamily | None = None
    conditions: Conditions | None = None

    def __post_init__(self) -> None:
        """Hold the sum, when it is made and when it is decoded."""
        if self.total != (parts := sum(line.amount for line in self.lines)):
            raise ValueError(f"the total is {self.total}, the sum of the lines {parts}")


class Settlement(Value, frozen=True, kw_only=True):
    """What a cancelation or a change costs the customer, and what they get back for it.

    Args:
        charged: what is kept of what was paid, or is asked for on top of it.
        refunded: what goes back to the card.
        lines: what `charged` is made of.
    """

    currency: Currency
    charged: Amount
    refunded: Amount
    lines: tuple[PriceLine, ...] = ()


class Ticket(Value, frozen=True, kw_only=True):
    """One passenger's ticket."""

    number: TicketNumber
    passenger_id: PassengerId


class Contact(Value, frozen=True, kw_only=True):
    """Whom to write to about a reservation. Without an address nobody can be."""

    language: Language
    email: Email | None = None
    given_name: Name = ""
    surname: Name = ""


class PassengerContact(Value, frozen=True, kw_only=True):
    """Who a passenger is, and an address of their own, if they gave one."""

    passenger_id: PassengerId
    given_name: Name = ""
    surname: Name = ""
    email: Email | None = None


class ReservationSummary(Value, frozen=True, kw_only=True):
    """The reservation as it is after the event, without personal data."""

    record_locator: Locator
    customer_id: CustomerId
    passengers: Passengers
    itinerary: Itinerary
