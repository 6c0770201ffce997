"""Those who are to fly together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rest_framework.exceptions import APIException

from booking import selectors
from booking.models import Departure, ReservationPassenger
from contracts.values import PassengerContact

MOST_PASSENGERS: Final = 9


class Contradiction(APIException):
    """A request asks for what cannot be, whatever is free."""

    status_code = 400


class TooManyPassengers(Contradiction):
    """A group that large does not book here."""

    default_code = "too-many-passengers"
    default_detail = f"A reservation has at most {MOST_PASSENGERS} passengers."


class PassengerTwice(Contradiction):
    """Nobody flies twice on one departure."""

    default_code = "passenger-twice"


class SeatTwice(Contradiction):
    """Nobody shares a seat."""

    default_code = "seat-twice"


class NotBornYet(Contradiction):
    """A date of birth is after the departure."""

    default_code = "not-born-yet"


class InfantInExitRow(Contradiction):
    """In an exit row sits who can open the exit."""

    default_code = "infant-in-exit-row"


@dataclass(frozen=True)
class Traveler:
    """A passenger as a request names them; without a seat number one is chosen."""

    passenger_id: int
    seat_number: str | None = None
    given_name: str = ""
    surname: str = ""
    email: str | None = None
    date_of_birth: date | None = None

    def type_on(self, day: date) -> ReservationPassenger.Type:
        """What they are on the day of departure."""
        return ReservationPassenger.type_of(self.date_of_birth, day)

    def contact(self) -> PassengerContact:
        """Who they are, as events say it."""
        return PassengerContact(
            passenger_id=self.passenger_id,
            given_name=self.given_name,
            surname=self.surname,
            email=self.email,
        )

    def is_named(self) -> bool:
        """Whether anything is known of them but a number."""
        return bool(self.given_name or self.surname or self.email)


def must_be_a_party(travelers: Sequence[Traveler]) -> None:
    """Refuse who cannot fly together.

    Raises:
        TooManyPassengers, PassengerTwice, SeatTwice: saying who or which.
    """
    if len(travelers) > MOST_PASSENGERS:
        raise TooManyPassengers
    if twice := _twice(traveler.passenger_id for traveler in travelers):
        raise PassengerTwice(f"Passenger {twice} is there twice.")
    if twice := _twice(t.seat_number for t in travelers if t.seat_number):
        raise SeatTwice(f"Seat {twice} is asked for twice.")


def _twice(things: Iterable[object]) -> object:
    seen: set[object] = set()
    for thing in things:
        if thing in seen:
            return thing
        seen.add(thing)
    return None


def must_be_seated_well(passengers: Iterable[ReservationPassenger], departure: Departure) -> None:
    """Refuse an infant in an exit row.

    Raises:
        InfantInExitRow: naming the seat.
    """
    infant = ReservationPassenger.Type.INFANT
    seats = [passenger.seat_number for passenger in passengers if passenger.type == infant]
    # The seat map is read for infants only: nobody else pays for the queries.
    for seat in selectors.exit_row_seats(departure).intersection(seats) if seats else ():
        raise InfantInExitRow(f"Seat {seat} is in an exit row.")


def seated(
    travelers: Sequence[Traveler], chosen: Sequence[str], *, on: date
) -> list[ReservationPassenger]:
    """The passengers, in the order of the request, who has no seat given one of the chosen.

    Raises:
        NotBornYet: a date of birth is after the departure.
    """
    seats = iter(chosen)
    return [_passenger(traveler, traveler.seat_number or next(seats), on) for traveler in travelers]


def _passenger(traveler: Traveler, seat_number: str, on: date) -> ReservationPassenger:
    if traveler.date_of_birth and traveler.date_of_birth > on:
        raise NotBornYet(f"Passenger {traveler.passenger_id} is born after {on}.")
    return ReservationPassenger.new(
        passenger_id=traveler.passenger_id,
        seat_number=seat_number,
        chose_seat=traveler.seat_number is not None,
        type=traveler.type_on(on),
        given_name=traveler.given_name,
        surname=traveler.surname,
        date_of_birth=traveler.date_of_birth,
    )
