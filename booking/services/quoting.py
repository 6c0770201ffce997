"""What a cancelation or a change would come to: fare is asked, and nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

from msgspec.structs import replace

from booking import fares, selectors
from booking.models import Departure, Place, Reservation, ReservationPassenger
from booking.selectors import Conflict, Selection
from booking.services.party import must_be_seated_well
from booking.services.quotes import (
    AgreedCancelation,
    AgreedChange,
    ChosenSeat,
    signed,
    valid_until,
)
from booking.services.rebooking import moved, must_be_another, must_be_changeable, wanted_seats
from booking.services.versions import must_live
from contracts import values
from contracts.quotes import (
    CancelationQuote,
    CancelationQuoteRequest,
    ChangeQuote,
    ChangeQuoteRequest,
)
from contracts.values import Price


class QuoteNotNeeded(Conflict):
    """There is nothing to agree on: all that was paid goes back."""

    default_code = "quote-not-needed"


@dataclass(frozen=True)
class QuotedCancelation:
    """What was said about a cancelation, and the id under which it can be confirmed."""

    quote_id: str
    agreed: AgreedCancelation
    quote: CancelationQuote


@dataclass(frozen=True)
class QuotedChange:
    """What was said about a change of a reservation to a departure, and the id under which it can
    be confirmed."""

    quote_id: str
    agreed: AgreedChange
    quote: ChangeQuote
    reservation: Reservation
    departure: Departure

    @property
    def fee(self) -> int:
        """What the change costs by itself: what is lost of a cheaper departure is not in it."""
        return _fees(self.quote.price, "CHANGE") - _fees(self.reservation.price(), "CHANGE")

    @property
    def difference(self) -> int:
        """How much more the new departure costs, or less (negative), fees aside."""
        before, after = self.reservation.price(), self.quote.price
        return after.total - _fees(after) - (before.total - _fees(before))


def _fees(price: Price, code: str | None = None) -> int:
    fees = [line for line in price.lines if line.kind == "FEE" and code in (None, line.code)]
    return sum(line.amount for line in fees)


def quote_cancelation(
    *, reservation_id: UUID, customer_id: str | None, now: datetime
) -> QuotedCancelation:
    """What the cancelation of a CONFIRMED reservation would give back.

    Args:
        reservation_id: the reservation.
        customer_id: who asks; None for the staff, who may ask about anybody's.
        now: the current time, UTC.

    Raises:
        UnknownReservation: there is none of this customer.
        ReservationFinal: it has come to its end.
        DepartureDeparted: it has been flown.
        QuoteNotNeeded: it is not paid for, or at no fare's price.
        NoConditions, CancelationNotAllowed, FareUnavailable: see `fares.cancelation_quote`.
    """
    reservation = selectors.reservation_of(reservation_id, customer_id=customer_id)
    must_live(reservation)
    if not needs_quote(reservation):
        raise QuoteNotNeeded("It is canceled free of charge: what was paid goes back.")
    selectors.must_not_have_left(reservation.departure, now)
    quote = fares.cancelation_quote(
        CancelationQuoteRequest(
            asked_at=now,
            departs_at=reservation.departure.departs_at,
            price=reservation.price(),
            passengers=reservation.summary(reservation.party).passengers,
        )
    )
    agreed = AgreedCancelation(
        reservation_id=reservation.pk,
        departure_id=reservation.departure_id,
        amount=reservation.amount,
        settlement=quote.settlement,
        expires_at=valid_until(reservation, now),
    )
    return QuotedCancelation(signed(agreed), agreed, quote)


def quote_change(
    *,
    reservation_id: UUID,
    customer_id: str | None,
    departure_date: date,
    now: datetime,
    flight_number: int | None = None,
    seats: Mapping[int, str],
    cabin: str | None = None,
) -> QuotedChange:
    """What another departure of the same route would cost.

    Args:
        reservation_id: the reservation.
        customer_id: who asks; None for the staff, who may ask about anybody's.
        departure_date: local to the origin.
        now: the current time, UTC.
        flight_number: the reservation's own if not said.
        seats: those that are chosen on the wanted departure, by passenger id; who chooses none is
            given one, at no charge.
        cabin: the reservation's own if not said.

    Raises:
        UnknownReservation: there is none of this customer.
        ReservationFinal, NotChangeable, ChangeUnderWay, DepartureDeparted: it cannot be changed.
        SameDeparture, OtherRoute: it cannot be changed to that departure.
        UnknownPassenger, SeatTwice, InfantInExitRow, NotBornYet: these passengers cannot have
            these seats.
        SeatTaken, NoSeatsLeft, DepartureClosed and others: see `selectors.selection`.
        NoConditions, ChangeNotAllowed, NoFare, FareUnavailable and others: see
            `fares.change_quote`.
    """
    reservation = selectors.reservation_of(reservation_id, customer_id=customer_id)
    must_be_changeable(reservation, now)
    number, wanted_cabin = flight_number or reservation.flight_number, cabin or reservation.cabin
    must_be_another(selectors.departure_on(number, departure_date), reservation)
    wanted = wanted_seats(reservation, number, departure_date, seats, cabin=wanted_cabin)
    found = selectors.selection(wanted, now=now)
    party = moved(reservation, seats, found)
    must_be_seated_well(party, found.departure)
    quote = fares.change_quote(_asked(reservation, found, party, seats, now))
    agreed = _agreed_change(reservation, found, seats, quote, now)
    return QuotedChange(signed(agreed), agreed, quote, reservation, found.departure)


def _asked(
    reservation: Reservation,
    found: Selection,
    party: list[ReservationPassenger],
    seats: Mapping[int, str],
    now: datetime,
) -> ChangeQuoteRequest:
    """A seat is named where it was chosen: one that is given costs nothing."""
    places = found.departure.aircraft_type.seat_map if seats else {}
    passengers = [
        replace(one.described(), seat=_described(seats[one.passenger_id], places))
        if one.passenger_id in seats
        else replace(one.described(), seat=None)
        for one in party
    ]
    return ChangeQuoteRequest(
        asked_at=now,
        departs_at=reservation.departure.departs_at,
        price=reservation.price(),
        itinerary=found.departure.itinerary(found.cabin),
        passengers=tuple(passengers),
        seats_sold=selectors.seats_sold(found.departure, found.cabin, besides=reservation.pk),
    )


def _described(number: str, places: Mapping[str, Place]) -> values.Seat:
    where = places.get(number)
    exit_row = ("EXIT_ROW",) if where and where.is_exit_row else ()
    characteristics = (where.position, *exit_row) if where else ()
    return values.Seat(number=number, characteristics=characteristics)


def _agreed_change(
    reservation: Reservation,
    found: Selection,
    seats: Mapping[int, str],
    quote: ChangeQuote,
    now: datetime,
) -> AgreedChange:
    return AgreedChange(
        reservation_id=reservation.pk,
        departure_id=reservation.departure_id,
        amount=reservation.amount,
        settlement=quote.settlement,
        expires_at=min(valid_until(reservation, now), found.departure.departs_at),
        wanted_departure_id=found.departure.pk,
        cabin=cast("values.Cabin", found.cabin),
        booking_class=quote.booking_class,
        seats=tuple(
            ChosenSeat(passenger_id=who, seat_number=number) for who, number in seats.items()
        ),
        price=quote.price,
    )


def needs_quote(reservation: Reservation) -> bool:
    """Whether the conditions of a fare say what a cancelation gives back."""
    is_confirmed = reservation.status == Reservation.Status.CONFIRMED
    return is_confirmed and reservation.quoted_price is not None
