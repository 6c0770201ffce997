"""What the API answers, as far as the pages show it. Amounts are in minor units."""

from datetime import date, datetime

import msgspec


class Cabin(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a cabin; without a list price it does not sell."""

    cabin: str
    seats_left: int
    currency: str
    list_price: int | None = None


class Departure(msgspec.Struct, frozen=True, kw_only=True):
    """A flight on a date, which is local to the origin."""

    carrier: str
    flight_number: int
    origin: str
    destination: str
    departure_date: date
    departs_at: datetime
    arrives_at: datetime
    origin_zone: str
    destination_zone: str
    aircraft_type: str
    status: str
    cabins: tuple[Cabin, ...]


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """A seat of a departure; `position` is WINDOW, MIDDLE or AISLE, where it is known."""

    seat_number: str
    row: int
    letter: str
    cabin: str
    exit_row: bool
    status: str
    position: str | None = None


class SeatMap(Departure, frozen=True, kw_only=True):
    """A departure with its seats, from the front to the back."""

    seats: tuple[Seat, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a price; BASE, TAX, CHARGE or FEE."""

    kind: str
    code: str
    amount: int
    passenger_id: int | None = None


class Penalty(msgspec.Struct, frozen=True, kw_only=True):
    """Whether something may be done, and for what fee."""

    allowed: bool
    fee: int


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What a fare allows; and what seats cost who chooses them, by what they are beside."""

    refundable: bool
    cancel_before_departure: Penalty
    change_before_departure: Penalty
    seat_charges: dict[str, int] = {}


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What it costs all together, and of what it is made."""

    total: int
    currency: str
    lines: tuple[Line, ...]
    fare_family: str | None = None
    conditions: Conditions | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A price that holds until it expires; `offer_id` buys at it."""

    offer_id: str
    expires_at: datetime
    flight_number: int
    cabin: str
    booking_class: str
    fare_family: str
    price: Price


class Passenger(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who flies."""

    passenger_id: int
    seat_number: str
    type: str
    given_name: str = ""
    surname: str = ""
    ticket_number: str | None = None


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """A reservation; without a price `amount` is a guide."""

    id: str
    record_locator: str
    status: str
    flight_number: int
    departure_date: date
    departs_at: datetime
    cabin: str
    amount: int
    currency: str
    version: int
    hold_expires_at: datetime
    created_at: datetime
    updated_at: datetime
    passengers: tuple[Passenger, ...]
    price: Price | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a reservation."""

    at: datetime
    entry: str
    detail: str


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """What a card was asked for, all in all."""

    currency: str
    captured_amount: int
    refunded_amount: int


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a quote is what it is."""

    code: str
    text: str


class CancelationQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What a cancelation keeps and gives back, until it expires; `quote_id` agrees to it."""

    quote_id: str
    expires_at: datetime
    currency: str
    charged: int
    refunded: int
    reasons: tuple[Reason, ...] = ()
