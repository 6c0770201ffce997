"""What must be true of every seat and every reservation, and where it is not.

A seat is HELD for a PENDING reservation, or for a CONFIRMED one with a live change, and SOLD to a
CONFIRMED one, each time on its departure and for one of its passengers. The other way round, every
passenger of a PENDING reservation has their seat HELD, and of a CONFIRMED one SOLD. Both have the
passenger that their own row names, and for a PENDING one a saga waits, or its hold would never end.
That HELD and SOLD seats have an owner, and the others none, the database holds by itself.

Each of the three is one statement, which sees one moment of the database: reservations may come and
go meanwhile. Free seats, which are nearly all, are not read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, UUIDField, Value, When

from booking.models import Reservation, ReservationPassenger, Saga, Seat

# The kind of saga under which a confirmed reservation holds seats beside those it has.
CHANGING: Final = "CHANGING"
PENDING, CONFIRMED = Reservation.Status.PENDING, Reservation.Status.CONFIRMED
HELD, SOLD = Seat.Status.HELD, Seat.Status.SOLD

FLIGHT: Final = {
    "carrier": "departure__flight__carrier",
    "flight": "departure__flight__number",
    "day": "departure__date",
}


@dataclass(frozen=True)
class Violation:
    """A seat and a reservation that do not agree."""

    seat: str
    departure: str
    reservation: str
    reason: str

    def __str__(self) -> str:
        return f"seat {self.seat} of {self.departure}, {self.reservation}: {self.reason}"


def violations() -> Iterator[Violation]:
    """Every seat whose owner has no right to it, then every passenger who has not their seat, then
    every reservation that is not whole."""
    yield from _seats_without_right()
    yield from _passengers_without_seat()
    yield from _broken_reservations()


def _seats_without_right() -> Iterator[Violation]:
    found = Seat.objects.filter(reservation__isnull=False).annotate(
        **{name: F(path) for name, path in FLIGHT.items()},
        locator=F("reservation__record_locator"),
        owner=F("reservation__status"),
        wrong=_wrong_owner(),
    )
    for row in found.exclude(wrong="").order_by("pk").values().iterator():
        yield Violation(
            seat=row["number"],
            departure=_departure(row),
            reservation=_reservation(row["locator"], row["reservation_id"]),
            reason=row["wrong"].format(**row),
        )


def _wrong_owner() -> Case:
    """What is wrong with a seat's owner: the first of these that applies, or nothing."""
    passengers = ReservationPassenger.objects.filter(
        reservation=OuterRef("reservation"), seat_number=OuterRef("number")
    )
    changes = Saga.objects.filter(live=OuterRef("reservation_id"), kind=CHANGING)
    unfit = "the seat is {status}, the reservation {owner}"
    return Case(
        When(reservation__status__isnull=True, then=Value("there is no such reservation")),
        When(Q(Exists(changes), status=HELD, reservation__status=CONFIRMED), then=Value("")),
        When(Q(status=HELD) & ~Q(reservation__status=PENDING), then=Value(unfit)),
        When(Q(status=SOLD) & ~Q(reservation__status=CONFIRMED), then=Value(unfit)),
        When(
            ~Q(reservation__departure=F("departure")),
            then=Value("the reservation is for another departure"),
        ),
        When(~Q(Exists(passengers)), then=Value("none of its passengers has this seat")),
        default=Value(""),
    )


def _passengers_without_seat() -> Iterator[Violation]:
    """Somebody without a seat number, such as an infant, needs none."""
    for status, wanted in ((PENDING, HELD), (CONFIRMED, SOLD)):
        seats = Seat.objects.filter(
            departure=OuterRef("reservation__departure"), number=OuterRef("seat_number")
        )
        theirs = seats.filter(reservation=OuterRef("reservation"), status=wanted)
        found = ReservationPassenger.objects.filter(
            ~Exists(theirs), reservation__status=status, seat_number__gt=""
        ).annotate(
            **{name: F(f"reservation__{path}") for name, path in FLIGHT.items()},
            locator=F("reservation__record_locator"),
            status=Subquery(seats.values("status")[:1]),
            owner=Subquery(seats.values("reservation")[:1], output_field=UUIDField()),
        )
        for row in found.order_by("pk").values().iterator():
            yield Violation(
                seat=row["seat_number"],
                departure=_departure(row),
                reservation=_reservation(row["locator"], row["reservation_id"]),
                reason=_missing(row, status, wanted),
            )


def _broken_reservations() -> Iterator[Violation]:
    """Reservations that live, and have lost what no seat tells of."""
    first = ReservationPassenger.objects.filter(
        reservation=OuterRef("pk"),
        passenger_id=OuterRef("passenger_id"),
        seat_number=OuterRef("seat_number"),
    )
    live = Saga.objects.filter(live=OuterRef("pk"))
    wrong = Case(
        When(~Q(Exists(first)), then=Value("its passenger {passenger_id} is not on this seat")),
        When(Q(status=PENDING) & ~Q(Exists(live)), then=Value("no saga waits for its hold to end")),
        default=Value(""),
    )
    found = Reservation.objects.filter(status__in=(PENDING, CONFIRMED)).annotate(
        **{name: F(path) for name, path in FLIGHT.items()}, wrong=wrong
    )
    for row in found.exclude(wrong="").order_by("pk").values().iterator():
        yield Violation(
            seat=row["seat_number"],
            departure=_departure(row),
            reservation=_reservation(row["record_locator"], row["id"]),
            reason=row["wrong"].format(**row),
        )


def _missing(row: Mapping[str, Any], status: str, wanted: str) -> str:
    """What a passenger has instead of a seat."""
    should = f"the reservation is {status}, so the seat must be {wanted} for it"
    if row["status"] is None:
        return f"{should}, and is not on the departure"
    whose = f" for {row['owner']}" if row["owner"] else ""
    return f"{should}, and is {row['status']}{whose}"


def _departure(row: Mapping[str, Any]) -> str:
    return f"{row['carrier']}{row['flight']} on {row['day']}"


def _reservation(locator: str | None, pk: Any) -> str:
    return f"reservation {locator} ({pk})" if locator else f"reservation {pk}"
