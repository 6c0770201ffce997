"""Other seats for a reservation."""

from collections.abc import Container, Mapping
from datetime import datetime
from uuid import UUID

from rest_framework.exceptions import APIException

import outbox
from booking import selectors
from booking.models import Reservation, ReservationPassenger, Seat
from booking.selectors import Wanted
from booking.services.party import SeatTwice, must_be_seated_well
from booking.services.seat_charges import must_be_paid_for
from booking.services.versions import must_be_current, must_live
from booking.steps.telling import note, seats_of
from contracts.booking import ReservationChanged
from outbox.transactions import LostRace, unit_of_work


class UnknownPassenger(APIException):
    """A seat is asked for somebody who is not on the reservation."""

    status_code = 404
    default_code = "unknown-passenger"


@unit_of_work
def change_seats(
    *,
    reservation_id: UUID,
    customer_id: str | None,
    versions: Container[int],
    seats: Mapping[int | None, str],
    now: datetime,
) -> Reservation:
    """Give passengers of a live reservation other seats of its cabin, all or none.

    The new seats are taken and the old ones freed in one transaction; passengers may swap.

    Args:
        reservation_id: the reservation.
        customer_id: who changes it; None for the staff, who may change anybody's.
        versions: those at which it may be changed.
        seats: passenger's id → seat number; None is the first passenger.
        now: the current time, UTC.

    Raises:
        UnknownReservation: there is none of this customer.
        StaleVersion: it has another version by now.
        ReservationFinal, DepartureClosed, DepartureDeparted, DepartureCanceled: there is nothing to
            change any more.
        UnknownPassenger, SeatTwice, InfantInExitRow: these passengers cannot have these seats.
        SeatCostsMore, BeingPriced: they are not paid for, or it is not known yet.
        UnknownSeat, SeatTaken, MixedCabins: nobody can.
    """
    reservation = selectors.reservation_of(reservation_id, customer_id=customer_id)
    must_be_current(reservation, versions)
    must_live(reservation)
    selectors.must_sell(reservation.departure, now)
    before = reservation.party
    after = _reseated(reservation, seats)
    if _seats(after) == _seats(before):
        return reservation
    must_be_seated_well(after, reservation.departure)
    must_be_paid_for(reservation, before, after, now)
    # Before its seats, like the saga: who loses this race has found seats that are its no more.
    reservation.change(seat_number=after[0].seat_number, now=now)
    _swap(reservation, set(_seats(before)), set(_seats(after)))
    _store(reservation, before, after, now)
    return reservation


def _reseated(
    reservation: Reservation, seats: Mapping[int | None, str]
) -> list[ReservationPassenger]:
    """The passengers as they shall sit, in their order, not saved."""
    wanted = {reservation.passenger_id if who is None else who: seat for who, seat in seats.items()}
    party = reservation.party
    if strangers := sorted(wanted.keys() - {passenger.passenger_id for passenger in party}):
        raise UnknownPassenger(f"Passenger {strangers[0]} is not on this reservation.")
    after = [passenger.on(wanted.get(passenger.passenger_id)) for passenger in party]
    if len(set(_seats(after))) < len(after):
        raise SeatTwice("Two passengers would have one seat.")
    return after


def _swap(reservation: Reservation, before: set[str], after: set[str]) -> None:
    """Take the new seats, as the reservation's others are, then free those that it leaves."""
    status, new = reservation.seat_status(), sorted(after - before)
    if new:
        _must_be_free(reservation, new)
        try:
            Seat.take(reservation.departure, new, owner=reservation.pk, status=status)
        except LostRace:
            # Somebody else was quicker: look again who, and say so.
            _must_be_free(reservation, new)
            raise
    Seat.release(reservation.pk, before - after, departure=reservation.departure, status=status)


def _must_be_free(reservation: Reservation, numbers: list[str]) -> None:
    departure = reservation.departure
    flight_number, cabin = departure.flight.number, reservation.cabin
    wanted = Wanted(flight_number, tuple(numbers), cabin=cabin, departure_date=departure.date)
    selectors.must_be_free(departure, wanted)


def _store(
    reservation: Reservation,
    before: list[ReservationPassenger],
    after: list[ReservationPassenger],
    now: datetime,
) -> None:
    """Write what has changed. The rows of passengers are made anew: no order of UPDATEs lets two
    of them swap seats that must differ at any time."""
    previous = reservation.summary(before)
    reservation.passengers.all().delete()
    reservation.party = ReservationPassenger.objects.bulk_create(after)
    outbox.append(
        reservation,
        ReservationChanged(
            reservation_id=reservation.pk,
            reservation=reservation.summary(after),
            previous_itinerary=previous.itinerary,
            previous_passengers=previous.passengers,
            price=reservation.quoted(),
        ),
    )
    told = f"{seats_of(before)} given for {seats_of(after)}"
    note(reservation, "seats changed", told, now=now)


def _seats(party: list[ReservationPassenger]) -> list[str]:
    return [passenger.seat_number for passenger in party]
