"""Making a reservation."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from uuid_utils.compat import uuid7

import outbox
from booking import orchestrator, selectors
from booking.models import Reservation, ReservationPassenger, Saga, Seat
from booking.selectors import Selection, Wanted
from booking.services.offers import must_match, verified
from booking.services.party import Traveler, must_be_a_party, must_be_seated_well, seated
from booking.steps.requests import authorize, quote
from booking.steps.signals import Pay, PayOffered
from booking.steps.telling import noted, seats_of
from contracts.booking import BookingEvent, PassengerContactGiven, ReservationCreated
from contracts.offers import Offer
from contracts.values import Contact
from outbox.transactions import LostRace, unit_of_work

# Of whom nobody said which language they read.
LANGUAGE: Final = "en"


@unit_of_work
def create_reservation(
    *,
    customer_id: str,
    flight_number: int,
    travelers: Sequence[Traveler],
    payment_token: str | None,
    now: datetime,
    departure_date: date | None = None,
    cabin: str | None = None,
    booking_class: str = "",
    contact: Contact | None = None,
    offer_id: str | None = None,
) -> Reservation:
    """Hold seats, all or none, and ask what they cost, or, at an offer's price, for their payment.

    The seats, the reservation, its saga and its events are written in one transaction.

    Args:
        customer_id: who books.
        flight_number: the flight, without its carrier's code.
        travelers: who flies, one to nine.
        payment_token: the card processor's token for the customer's card; None holds the seats
            unpaid, until `pay_reservation`.
        now: the current time, UTC.
        departure_date: local to the origin; None is the next on which all seats are free.
        cabin: where the seats are; None where their numbers say it, else ECONOMY.
        booking_class: what the customer asks for, one letter or nothing.
        contact: whom to tell about the reservation.
        offer_id: an offer of fare's, at whose price it is sold. What else is not said is the
            offer's.

    Raises:
        OfferForged, OfferExpired, OfferMismatch: see `offers`.
        TooManyPassengers, PassengerTwice, SeatTwice, InfantInExitRow, NotBornYet: see `party`.
        UnknownFlight, SeatTaken and others: see `selectors.selection`.
    """
    must_be_a_party(travelers)
    offer = verified(offer_id, now=now) if offer_id else None
    if offer:
        must_match(
            offer,
            flight_number=flight_number,
            departure_date=departure_date,
            cabin=cabin,
            booking_class=booking_class,
            travelers=travelers,
        )
        departure_date, cabin = offer.departure_date, offer.cabin
    numbers = tuple(t.seat_number for t in travelers if t.seat_number)
    wanted = Wanted(
        flight_number=flight_number,
        numbers=numbers,
        unnamed=len(travelers) - len(numbers),
        cabin=cabin,
        departure_date=departure_date,
        off_exit_rows=any(_needs_other_rows(traveler, now) for traveler in travelers),
        is_counted=offer is None and payment_token is not None,
    )
    reservation_id = uuid7()
    found = hold(reservation_id, wanted, now)
    party = seated(travelers, found.chosen, on=found.departure.date)
    reservation = _reservation(reservation_id, found, party, now)
    reservation.customer_id, reservation.booking_class = customer_id, booking_class
    must_be_seated_well(reservation.party, found.departure)
    pay: Pay | PayOffered | None = None
    if offer:
        _sell_at(offer, reservation)
        pay = PayOffered(payment_token) if payment_token else None
    elif payment_token:
        pay = Pay(payment_token, at=now, seats_sold=found.seats_sold)
    _write(reservation, _contact(reservation, contact, travelers), pay, now)
    return reservation


def _sell_at(offer: Offer, reservation: Reservation) -> None:
    """The reservation, not saved yet, has the price of the offer."""
    for name, value in reservation.priced(offer.price, offer.booking_class).items():
        setattr(reservation, name, value)


def _needs_other_rows(traveler: Traveler, now: datetime) -> bool:
    """Whether a seat in an exit row must not be chosen for somebody: who is no infant today will
    be none on the day of departure."""
    is_infant = traveler.type_on(now.date()) == ReservationPassenger.Type.INFANT
    return is_infant and not traveler.seat_number


def hold(reservation_id: UUID, wanted: Wanted, now: datetime) -> Selection:
    """Hold the seats where they are still free when the UPDATE comes.

    Whoever loses the race looks again: every lost race is a seat that somebody else got, so this
    ends, with all seats or with the reason why not. Who was outrun has not run alone, and chooses
    from then on what others do not choose as well.
    """
    crowded = False
    while True:
        try:
            found = selectors.selection(wanted, now=now, crowded=crowded)
            Seat.take(found.departure, [*found.named, *found.chosen], owner=reservation_id)
        except LostRace:
            crowded = True
        else:
            return found


def _reservation(
    reservation_id: UUID,
    found: Selection,
    party: list[ReservationPassenger],
    now: datetime,
) -> Reservation:
    """The reservation, not saved yet. A hold does not outlast the departure."""
    departure, first = found.departure, party[0]
    hold_ends = now + timedelta(minutes=settings.HOLD_MINUTES)
    reservation = Reservation.new(
        id=reservation_id,
        passenger_id=first.passenger_id,
        flight_number=departure.flight.number,
        seat_number=first.seat_number,
        cabin=found.cabin,
        departure=departure,
        amount=departure.flight.list_price(found.cabin) * len(party),
        currency=departure.flight.currency,
        hold_expires_at=min(hold_ends, departure.departs_at),
        created_at=now,
        updated_at=now,
    )
    reservation.party = party
    return reservation


def _write(
    reservation: Reservation,
    contact: list[BookingEvent],
    pay: Pay | PayOffered | None,
    now: datetime,
) -> None:
    """Insert everything, the events first: the reservation's INSERT carries their number. They are
    published one after the other: the contact comes last, as nobody waits for it."""
    buying = orchestrator.buying(reservation, now=now)
    asked, then = _begin(buying, pay)
    outbox.append(reservation, _created(reservation), *asked, *contact)
    for passenger in reservation.party:
        passenger.reservation_id = reservation.pk
    told = f"{seats_of(reservation.party)} held, {then}"
    entry = noted(reservation, "created", told, now=now)
    reservation.insert(reservation.party, [buying], [entry])


def _begin(buying: Saga, pay: Pay | PayOffered | None) -> tuple[list[BookingEvent], str]:
    """Take the saga, not saved yet, to where it waits; what is asked on the way, and what is told
    of it."""
    if isinstance(pay, Pay):
        buying.step = "QUOTING"
        return quote(buying, pay), "price asked for"
    if isinstance(pay, PayOffered):
        buying.step = "AUTHORIZING"
        return authorize(buying, pay), "payment asked for"
    return [], "to be paid"


def _created(reservation: Reservation) -> ReservationCreated:
    return ReservationCreated(
        reservation_id=reservation.pk,
        reservation=reservation.summary(reservation.party),
        price=reservation.quoted(),
        hold_expires_at=reservation.hold_expires_at,
    )


def _contact(
    reservation: Reservation, contact: Contact | None, travelers: Sequence[Traveler]
) -> list[BookingEvent]:
    """Whom to tell, if anybody said: the one event with personal data."""
    named = tuple(traveler.contact() for traveler in travelers if traveler.is_named())
    if contact is None and not named:
        return []
    return [
        PassengerContactGiven(
            reservation_id=reservation.pk,
            contact=contact or Contact(language=LANGUAGE),
            passengers=named,
        )
    ]
