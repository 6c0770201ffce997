"""What must be true of every seat and every reservation, and where it is not.

A seat is HELD for a PENDING reservation, and SOLD to a CONFIRMED one, each time on its departure
and for one of its passengers. It is HELD, too, for a CONFIRMED one that is to be changed to that
departure, as long as the change is being paid for. The other way round, every passenger of a
PENDING reservation has their seat HELD, and of a CONFIRMED one SOLD. Both have the passenger that
their own row names, and for a PENDING one a saga waits, or its hold would never end. A change that
is being paid for holds as many seats as there are passengers. That HELD and SOLD seats have an
owner, and the others none, the database holds by itself.

Each of these is one statement, which sees one moment of the database: reservations may come and
go meanwhile. Free seats, which are nearly all, are not read. The statements are made once for each
process: the explorer of the saga's tests asks of tens of thousands of databases.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from booking.models import Reservation, ReservationPassenger, Saga, Seat
from outbox.prepared import Rows

# The steps of a change at which a confirmed reservation holds seats beside those it has.
BEING_PAID_FOR: Final = ("AUTHORIZING", "CAPTURING")
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
    every reservation that is not whole, then every change that has not its seats."""
    yield from _seats_without_right()
    yield from _passengers_without_seat()
    yield from _broken_reservations()
    yield from _changes_without_seats()


@cache
def _rows(asked: Callable[..., QuerySet[Any]], names: tuple[str, ...], *arguments: str) -> Rows:
    return Rows(asked(*arguments).values_list(*names))


def _found(
    asked: Callable[..., QuerySet[Any]], *arguments: str, names: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    """The rows of a question, by name, with those that tell which departure it is."""
    names = (*FLIGHT, *names)
    for row in _rows(asked, names, *arguments).all():
        yield dict(zip(names, row, strict=True))


def _seats_without_right() -> Iterator[Violation]:
    names = ("number", "status", "reservation_id", "locator", "owner", "wrong")
    for row in _found(_wrong_seats, names=names):
        yield Violation(
            seat=row["number"],
            departure=_departure(row),
            reservation=_reservation(row["locator"], row["reservation_id"]),
            reason=row["wrong"].format(**row),
        )


def _wrong_seats() -> QuerySet[Any]:
    seats = Seat.objects.filter(reservation__isnull=False).annotate(
        **{name: F(path) for name, path in FLIGHT.items()},
        locator=F("reservation__record_locator"),
        owner=F("reservation__status"),
        wrong=_wrong_owner(),
    )
    return seats.exclude(wrong="").order_by("pk")


def _wrong_owner() -> Case:
    """What is wrong with a seat's owner: the first of these that applies, or nothing."""
    passengers = ReservationPassenger.objects.filter(
        reservation=OuterRef("reservation"), seat_number=OuterRef("number")
    )
    changes = _changes().filter(
        live=OuterRef("reservation_id"), wanted_departure=OuterRef("departure")
    )
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


def _changes() -> QuerySet[Saga]:
    return Saga.objects.filter(kind=Saga.Kind.CHANGING, step__in=BEING_PAID_FOR)


def _changes_without_seats() -> Iterator[Violation]:
    """A change that is being paid for and does not hold everybody's seat."""
    names = ("reservation_id", "locator", "held", "party")
    for row in _found(_wanting_changes, names=names):
        yield Violation(
            seat="of a change",
            departure=_departure(row),
            reservation=_reservation(row["locator"], row["reservation_id"]),
            reason=f"{row['held']} of {row['party']} seats are HELD for the change",
        )


def _wanting_changes() -> QuerySet[Any]:
    held = Seat.objects.filter(
        reservation=OuterRef("reservation"), departure=OuterRef("wanted_departure"), status=HELD
    )
    party = ReservationPassenger.objects.filter(reservation=OuterRef("reservation"))
    changes = _changes().annotate(
        **{
            name: F(path.replace("departure", "wanted_departure", 1))
            for name, path in FLIGHT.items()
        },
        locator=F("reservation__record_locator"),
        held=_count_of(held),
        party=_count_of(party),
    )
    return changes.exclude(held=F("party")).order_by("pk")


def _count_of(rows: QuerySet[Any]) -> Any:
    """How many rows there are for one of another query."""
    counted = rows.order_by().values("reservation").annotate(rows=Count("pk")).values("rows")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _passengers_without_seat() -> Iterator[Violation]:
    """Somebody without a seat number, such as an infant, needs none."""
    names = ("seat_number", "reservation_id", "locator", "status", "owner")
    for status, wanted in ((PENDING, HELD), (CONFIRMED, SOLD)):
        for row in _found(_unseated, status, wanted, names=names):
            yield Violation(
                seat=row["seat_number"],
                departure=_departure(row),
                reservation=_reservation(row["locator"], row["reservation_id"]),
                reason=_missing(row, status, wanted),
            )


def _unseated(status: str, wanted: str) -> QuerySet[Any]:
    seats = Seat.objects.filter(
        departure=OuterRef("reservation__departure"), number=OuterRef("seat_number")
    )
    theirs = seats.filter(reservation=OuterRef("reservation"), status=wanted)
    passengers = ReservationPassenger.objects.filter(
        ~Exists(theirs), reservation__status=status, seat_number__gt=""
    ).annotate(
        **{name: F(f"reservation__{path}") for name, path in FLIGHT.items()},
        locator=F("reservation__record_locator"),
        status=Subquery(seats.values("status")[:1]),
        owner=Subquery(seats.values("reservation")[:1], output_field=UUIDField()),
    )
    return passengers.order_by("pk")


def _broken_reservations() -> Iterator[Violation]:
    """Reservations that live, and have lost what no seat tells of."""
    names = ("id", "record_locator", "seat_number", "passenger_id", "wrong")
    for row in _found(_wrong_reservations, names=names):
        yield Violation(
            seat=row["seat_number"],
            departure=_departure(row),
            reservation=_reservation(row["record_locator"], row["id"]),
            reason=row["wrong"].format(**row),
        )


def _wrong_reservations() -> QuerySet[Any]:
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
    living = Reservation.objects.filter(status__in=(PENDING, CONFIRMED)).annotate(
        **{name: F(path) for name, path in FLIGHT.items()}, wrong=wrong
    )
    return living.exclude(wrong="").order_by("pk")


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
