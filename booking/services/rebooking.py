"""Another departure for a reservation: which may be had, and the change itself."""

from collections.abc import Container, Iterator, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from rest_framework.exceptions import APIException

from booking import orchestrator, selectors
from booking.models import Departure, Reservation, ReservationPassenger, Saga
from booking.selectors import Conflict, Selection, Wanted
from booking.services.changing import UnknownPassenger
from booking.services.party import NotBornYet, SeatTwice, must_be_seated_well
from booking.services.quotes import AgreedChange, agreed
from booking.services.reserving import hold
from booking.services.versions import must_be_current, must_live
from booking.steps.changes import AcceptedChange
from booking.steps.signals import Change
from outbox.transactions import unit_of_work


class NotChangeable(Conflict):
    """Only what is confirmed and paid for is changed to another departure."""

    default_code = "not-changeable"


class ChangeUnderWay(Conflict):
    """A change of the reservation has not come to its end."""

    default_code = "change-under-way"
    default_detail = "The reservation is just being changed."


class SameDeparture(Conflict):
    """The wanted departure is the reservation's; other seats are had by a PATCH."""

    default_code = "same-departure"
    default_detail = "This is the reservation's departure; a PATCH gives it other seats."


class OtherRoute(Conflict):
    """A reservation is changed to departures of its own route."""

    default_code = "other-route"


class PaymentTokenRequired(APIException):
    """The change costs something, and no card was given."""

    status_code = 400
    default_code = "payment-token-required"
    default_detail = "The change has to be paid for: give a payment_token."


@unit_of_work
def change_departure(
    *,
    reservation_id: UUID,
    customer_id: str | None,
    versions: Container[int],
    quote_id: str,
    payment_token: str | None,
    now: datetime,
) -> Saga:
    """Change a reservation to another departure as it was quoted, all or nothing.

    The new seats are held in the transaction that starts it, before the old ones are given up.
    What costs more is charged before the swap, by events. What does not is swapped at once, and
    the difference given back.

    Args:
        reservation_id: the reservation.
        customer_id: who changes it; None for the staff, who may change anybody's.
        versions: those at which it may be changed.
        quote_id: what was quoted.
        payment_token: the card processor's token for the customer's card; None where nothing is
            to be paid.
        now: the current time, UTC.

    Returns:
        The saga that does it, with the reservation: on its new departure if nothing has to be paid.

    Raises:
        UnknownReservation: there is none of this customer.
        StaleVersion: it has another version by now.
        ReservationFinal, NotChangeable, ChangeUnderWay, DepartureDeparted: it is not as it would
            have to be.
        QuoteInvalid and others: see `quotes.agreed`.
        PaymentTokenRequired: it has to be paid for.
        SeatTaken, NoSeatsLeft, DepartureClosed and others: see `selectors.selection`.
    """
    reservation = selectors.reservation_of(reservation_id, customer_id=customer_id)
    must_be_current(reservation, versions)
    must_be_changeable(reservation, now)
    quote = agreed(quote_id, AgreedChange, reservation, now)
    if quote.settlement.charged and payment_token is None:
        raise PaymentTokenRequired
    # Before any seat, and before the saga: of two changes at once one begins again here.
    reservation.change(now=now)
    changing = _begun(reservation, quote, now)
    orchestrator.advance(changing, Change(payment_token), now=now)
    return changing


def _begun(reservation: Reservation, quote: AgreedChange, now: datetime) -> Saga:
    """The saga at its first step, with the new seats held."""
    target = Departure.objects.select_related("flight").get(pk=quote.wanted_departure_id)
    seats = {seat.passenger_id: seat.seat_number for seat in quote.seats}
    wanted = wanted_seats(reservation, target.flight.number, target.date, seats, cabin=quote.cabin)
    found = hold(reservation.pk, wanted, now)
    party = moved(reservation, seats, found)
    must_be_seated_well(party, found.departure)
    accepted = AcceptedChange(
        cabin=quote.cabin,
        booking_class=quote.booking_class,
        price=quote.price,
        settlement=quote.settlement,
        seats={one.passenger_id: one.seat_number for one in party},
    )
    hold_ends = now + timedelta(minutes=settings.HOLD_MINUTES)
    ends_at = min(hold_ends, found.departure.departs_at)
    saga = orchestrator.changing(
        reservation, found.departure, accepted, now=now, deadline_at=ends_at
    )
    saga.save(force_insert=True)
    return saga


def must_be_changeable(reservation: Reservation, now: datetime) -> None:
    """Refuse what is not bought, not any more, or under way.

    Raises:
        ReservationFinal, NotChangeable, ChangeUnderWay, DepartureDeparted: saying which.
    """
    must_live(reservation)
    live = selectors.live_saga(reservation.pk)
    if live is not None and live.kind == Saga.Kind.CHANGING:
        raise ChangeUnderWay
    if live is not None:
        raise NotChangeable("The reservation is not paid for yet.")
    selectors.must_not_have_left(reservation.departure, now)


def wanted_seats(
    reservation: Reservation,
    flight_number: int,
    day: date,
    seats: Mapping[int, str],
    *,
    cabin: str,
) -> Wanted:
    """What a selection is asked for: the chosen seats, and one for everybody else.

    Args:
        seats: those that are chosen, by passenger id.

    Raises:
        UnknownPassenger, SeatTwice: these passengers cannot have these seats.
    """
    known = [passenger.passenger_id for passenger in reservation.party]
    if strangers := sorted(seats.keys() - set(known)):
        raise UnknownPassenger(f"Passenger {strangers[0]} is not on this reservation.")
    numbers = tuple(seats[one] for one in known if one in seats)
    if len(set(numbers)) < len(numbers):
        raise SeatTwice("Two passengers would have one seat.")
    return Wanted(
        flight_number=flight_number,
        numbers=numbers,
        unnamed=len(known) - len(numbers),
        cabin=cabin,
        departure_date=day,
        off_exit_rows=any(_is_infant(one, day) for one in reservation.party),
    )


def _is_infant(passenger: ReservationPassenger, day: date) -> bool:
    infant = ReservationPassenger.Type.INFANT
    return passenger.type_of(passenger.date_of_birth, day) == infant


def moved(
    reservation: Reservation, seats: Mapping[int, str], found: Selection
) -> list[ReservationPassenger]:
    """The passengers as they would fly, not saved; who has chosen no seat has one of those found.

    Raises:
        NotBornYet: somebody would not be there yet.
    """
    day, given = found.departure.date, iter(found.chosen)
    return [_moved(one, seats.get(one.passenger_id), given, day) for one in reservation.party]


def _moved(
    passenger: ReservationPassenger, seat: str | None, given: Iterator[str], day: date
) -> ReservationPassenger:
    if passenger.date_of_birth and passenger.date_of_birth > day:
        raise NotBornYet(f"Passenger {passenger.passenger_id} is born after {day}.")
    return passenger.on(seat or next(given), day=day)


def must_be_another(departure: Departure, reservation: Reservation) -> None:
    """Refuse the departure that the reservation has, and those of other routes.

    Raises:
        SameDeparture, OtherRoute: saying which.
    """
    if departure.pk == reservation.departure_id:
        raise SameDeparture
    is_at = reservation.departure.flight
    if (departure.flight.origin_id, departure.flight.destination_id) != (
        is_at.origin_id,
        is_at.destination_id,
    ):
        raise OtherRoute(
            f"Flight {departure.flight.number} does not fly from {is_at.origin_id} to "
            f"{is_at.destination_id}."
        )
