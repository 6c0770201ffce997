"""What booking asks fare over HTTP while a customer waits, and what fare answers.

Neither has an effect. Like consumers of events, both sides ignore fields they do not know.
"""

import msgspec

from contracts.values import (
    BookingClass,
    Itinerary,
    Moment,
    Passengers,
    Price,
    PriceLine,
    Reason,
    SeatsSold,
    Settlement,
)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request or of its answer."""


class CancelationQuoteRequest(Message, frozen=True, kw_only=True):
    """Booking asks what a cancelation at `asked_at` would give back: POST /api/cancelation-quotes.

    `price` is what the reservation has cost so far, fees of earlier changes among its lines.
    """

    asked_at: Moment
    departs_at: Moment
    price: Price
    passengers: Passengers


class CancelationQuote(Message, frozen=True, kw_only=True):
    """What the cancelation costs, and why.

    What is charged and what is refunded are together the price that was paid. `returned` are the
    lines of the price that come back, before fees are taken off; the settlement's lines are what
    is kept, and the fee. `reasons` say it to a person, in this order.
    """

    settlement: Settlement
    returned: tuple[PriceLine, ...]
    reasons: tuple[Reason, ...]


class ChangeQuoteRequest(Message, frozen=True, kw_only=True):
    """Booking asks what another departure would cost: POST /api/change-quotes.

    `departs_at` and `price` are the reservation's as it is; `itinerary`, `passengers` with the
    seats that they have chosen on it, and `seats_sold` are those of the wanted departure, as in a
    FareQuoteRequested.
    """

    asked_at: Moment
    departs_at: Moment
    price: Price
    itinerary: Itinerary
    passengers: Passengers
    seats_sold: SeatsSold


class ChangeQuote(Message, frozen=True, kw_only=True):
    """What the change costs, and why.

    `price` is the reservation's once it is changed: what it will have cost in all, fees and what
    was lost among its lines. Beside the price so far, the settlement's `charged` is asked for
    before the swap, or its `refunded` is given back after it; never both.
    """

    booking_class: BookingClass
    price: Price
    settlement: Settlement
    reasons: tuple[Reason, ...]
