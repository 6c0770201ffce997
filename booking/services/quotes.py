"""What was quoted, as the customer brings it back: the id of a quote is the quote itself, signed.

Nothing of it is stored. It has no secret in it: who has it can read what they were shown.
"""

from datetime import datetime, timedelta
from typing import Annotated, Final, TypeVar
from uuid import UUID

import msgspec
from django.conf import settings
from django.core import signing
from rest_framework.exceptions import APIException

from booking.models import Reservation
from booking.selectors import Conflict
from contracts.values import Amount, BookingClass, Cabin, Moment, Price, SeatNumber, Settlement

LONGEST_QUOTE_ID: Final = 16_000


class QuoteInvalid(APIException):
    """It was not given out here, or not as it is, or for something else."""

    status_code = 400
    default_code = "quote-invalid"
    default_detail = "This quote was not given out here for what is asked, or it was altered."


class QuoteExpired(Conflict):
    """It was valid for some minutes."""

    default_code = "quote-expired"
    default_detail = "The quote has expired: ask for another one."


class QuoteOfAnother(Conflict):
    """It is for another reservation."""

    default_code = "quote-of-another-reservation"
    default_detail = "The quote is for another reservation."


class QuoteOutdated(Conflict):
    """The reservation has another departure or price since."""

    default_code = "quote-outdated"
    default_detail = "The reservation has changed since the quote was given: ask for another one."


class QuoteRequired(Conflict):
    """What it comes to has to be agreed on first."""

    default_code = "quote-required"
    default_detail = "Ask for a quote first, and bring its quote_id."


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What was promised about a reservation as it was: for so much, on that departure."""

    reservation_id: UUID
    departure_id: int
    amount: Amount
    settlement: Settlement
    expires_at: Moment


class AgreedCancelation(Quote, frozen=True, kw_only=True):
    """What a cancelation comes to."""


class ChosenSeat(msgspec.Struct, frozen=True, kw_only=True):
    """A seat that a passenger has chosen on the wanted departure."""

    passenger_id: int
    seat_number: SeatNumber


class AgreedChange(Quote, frozen=True, kw_only=True):
    """What another departure comes to; who has chosen no seat is given one."""

    wanted_departure_id: int
    cabin: Cabin
    booking_class: BookingClass
    seats: Annotated[tuple[ChosenSeat, ...], msgspec.Meta(max_length=9)]
    price: Price


Q = TypeVar("Q", bound=Quote)


def valid_until(reservation: Reservation, now: datetime) -> datetime:
    """When a quote that is given now expires: not later than the departure."""
    limit = now + timedelta(minutes=settings.QUOTE_MINUTES)
    return min(limit, reservation.departure.departs_at)


def signed(quote: Quote) -> str:
    """The id of a quote."""
    told = msgspec.to_builtins(quote)
    return signing.dumps(told, salt=_salt(type(quote)), compress=True)


def agreed(quote_id: str, kind: type[Q], reservation: Reservation, now: datetime) -> Q:
    """What was quoted, if it still holds.

    Args:
        quote_id: as the customer brings it.
        kind: what it has to be for.
        reservation: as it is.
        now: the current time, UTC.

    Raises:
        QuoteInvalid, QuoteOfAnother, QuoteExpired, QuoteOutdated: it does not.
    """
    quote = _read(quote_id, kind)
    if quote.reservation_id != reservation.pk:
        raise QuoteOfAnother
    if quote.expires_at <= now:
        raise QuoteExpired
    if (quote.departure_id, quote.amount) != (reservation.departure_id, reservation.amount):
        raise QuoteOutdated
    return quote


def _read(quote_id: str, kind: type[Q]) -> Q:
    try:
        return msgspec.convert(signing.loads(quote_id, salt=_salt(kind)), kind)
    except (signing.BadSignature, msgspec.ValidationError, ValueError) as error:
        raise QuoteInvalid from error


def _salt(kind: type[Quote]) -> str:
    """A quote of one kind is none of another."""
    return f"airline.quote.{kind.__name__}.v1"
