"""What can be done with a reservation, and how it stands."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from web.airline import Airline
from web.answers import CancelationQuote, Departure, Payment, Reservation, SeatMap
from web.choices import Choice, choice_again
from web.gateway import NoAnswer, Refused
from web.progress import Progress
from web.seat_maps import Terms, paid_for_seat


@dataclass(frozen=True, kw_only=True)
class Story:
    """A reservation with all that its page tells. What cannot be had just now is None."""

    reservation: Reservation
    progress: Progress
    departure: Departure | None
    payment: Payment | None

    @classmethod
    def of(cls, airline: Airline, reservation_id: str, *, now: datetime) -> "Story":
        """As it is now.

        Raises:
            NoAnswer, NotSignedIn, Refused: booking does not tell.
        """
        reservation = airline.reservation(reservation_id)
        entries = airline.timeline(reservation_id)
        return cls(
            reservation=reservation,
            progress=Progress(reservation=reservation, entries=entries, now=now),
            departure=_departure(airline, reservation),
            payment=_payment(airline, reservation_id),
        )

    @property
    def again(self) -> Choice | None:
        """The same once more, where it has come to nothing."""
        has_failed = self.reservation.status in ("REJECTED", "EXPIRED")
        return choice_again(self.reservation) if has_failed else None

    @property
    def has_left(self) -> bool:
        """Whether the departure has left."""
        return self.reservation.departs_at <= self.progress.now

    @property
    def can_change(self) -> bool:
        """Whether its seats can be changed, and whether it can be given up."""
        return self.reservation.status in ("PENDING", "CONFIRMED") and not self.has_left


def _departure(airline: Airline, reservation: Reservation) -> Departure | None:
    try:
        return airline.departure(reservation.flight_number, reservation.departure_date)
    except (NoAnswer, Refused):
        return None


def _payment(airline: Airline, reservation_id: str) -> Payment | None:
    """Payment may be away, and the page is there without it."""
    try:
        return airline.payment(reservation_id)
    except (NoAnswer, Refused):
        return None


def party_of(reservation: Reservation) -> dict[int, str]:
    """The passengers by their number, for people to choose from."""
    return {
        passenger.passenger_id: _("%(name)s, seat %(seat)s")
        % {
            "name": f"{passenger.given_name} {passenger.surname}".strip() or _("Passenger"),
            "seat": passenger.seat_number,
        }
        for passenger in reservation.passengers
    }


def terms_of(reservation: Reservation, seat_map: SeatMap) -> Terms:
    """Which seats may be had for those of a reservation: none that costs more than the dearest of
    its own, or than was paid for it. The API looks more closely, at who moves where."""
    price = reservation.price
    conditions = price.conditions if price else None
    terms = Terms(
        cabin=reservation.cabin,
        charges=conditions.seat_charges if conditions else {},
        own=frozenset(passenger.seat_number for passenger in reservation.passengers),
    )
    paid = [paid_for_seat(price, one.passenger_id) for one in reservation.passengers]
    worth = [terms.price(seat) for seat in seat_map.seats if seat.seat_number in terms.own]
    return replace(terms, most=max(paid + worth)) if terms.charges else terms


@dataclass(frozen=True)
class Return:
    """What a cancelation comes to: a quote, or nothing where all of it goes back by itself; or why
    it cannot be."""

    quote: CancelationQuote | None = None
    refused: Refused | None = None

    @classmethod
    def of(cls, airline: Airline, reservation: Reservation) -> "Return":
        """As of now. Before anything is paid nothing has to be agreed on."""
        if reservation.status == "PENDING":
            return cls()
        try:
            return cls(airline.quote_cancelation(reservation.id))
        except Refused as refused:
            return cls() if refused.code == "quote-not-needed" else cls(refused=refused)
