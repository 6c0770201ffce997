"""Departures, and the seats of each."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, cast
from uuid import UUID

from django.db import models

from booking.models.network import AircraftType, Cabin
from booking.models.schedule import Flight
from contracts import values
from contracts.values import Itinerary
from outbox.instances import Quick
from outbox.prepared import Argument, Update, argument, arguments, numbered
from outbox.transactions import LostRace


class IllegalDeparture(Exception):
    """A departure was to be moved to a status that may not follow the one it has."""


class Departure(Quick):
    """A flight on a date; `date` is local to the origin."""

    class Status(models.TextChoices):
        """Only open departures sell; CLOSED is from the check-in cut-off on."""

        OPEN = "OPEN"
        CLOSED = "CLOSED"
        DEPARTED = "DEPARTED"
        CANCELED = "CANCELED"

    # Which status may follow which.
    TRANSITIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
        {
            Status.OPEN: frozenset({Status.CLOSED, Status.CANCELED}),
            Status.CLOSED: frozenset({Status.DEPARTED, Status.CANCELED}),
            Status.DEPARTED: frozenset(),
            Status.CANCELED: frozenset(),
        }
    )

    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, related_name="departures")
    date = models.DateField()
    departs_at = models.DateTimeField()
    arrives_at = models.DateTimeField()
    aircraft_type = models.ForeignKey(
        AircraftType, on_delete=models.PROTECT, related_name="departures", db_column="aircraft_type"
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)

    class Meta:
        db_table = "departure"
        constraints = [
            models.UniqueConstraint(fields=["flight", "date"], name="departure_day"),
            models.CheckConstraint(
                name="departure_times", condition=models.Q(arrives_at__gt=models.F("departs_at"))
            ),
        ]
        indexes = [
            models.Index(fields=["flight", "departs_at"], name="departure_next"),
            models.Index(fields=["status", "departs_at"], name="departure_due"),
        ]

    def __str__(self) -> str:
        return f"{self.flight} on {self.date}"

    def itinerary(self, cabin: str, booking_class: str | None = None) -> Itinerary:
        """The departure, the cabin of the seats and their booking class, if there is one to tell,
        as events describe them."""
        flight = self.flight
        return Itinerary(
            carrier=flight.carrier,
            flight_number=flight.number,
            origin=flight.origin_id,
            destination=flight.destination_id,
            departure_date=self.date,
            departs_at=self.departs_at,
            arrives_at=self.arrives_at,
            origin_zone=flight.origin.zone,
            destination_zone=flight.destination.zone,
            cabin=cast("values.Cabin", cabin),
            booking_class=booking_class,
        )

    def move_to(self, status: "Departure.Status") -> None:
        """Change the status by compare-and-set.

        Raises:
            IllegalDeparture: the new status may not follow the one this departure has.
            LostRace: somebody else has changed the departure since it was read.
        """
        before = Departure.Status(self.status)
        if status not in self.TRANSITIONS[before]:
            raise IllegalDeparture(f"{self}: {before} → {status}")
        if not self.move_all([self.pk], before, status):
            raise LostRace(f"{self} has changed since it was read")
        self.status = status

    @classmethod
    def move_all(
        cls, departures: Collection[int], before: "Departure.Status", after: "Departure.Status"
    ) -> int:
        """Change the status of those that still have the one they are thought to have; how many.

        Raises:
            IllegalDeparture: the one may not follow the other.
        """
        if after not in cls.TRANSITIONS[before]:
            raise IllegalDeparture(f"departures: {before} → {after}")
        return cls.objects.filter(pk__in=departures, status=before).update(status=after)


class SeatNotHeld(Exception):
    """A seat that was to be sold or released is not this reservation's."""


class Seat(Quick):
    """One seat of one departure, made with the departure. There are millions: rows are narrow, and
    what is the same on every departure is in the aircraft type's seat map.

    The owner is a reservation's id without a database constraint, because the seat is taken,
    which is where a race is decided, before the reservation's row is written.
    """

    class Status(models.TextChoices):
        """HELD and SOLD seats have an owner, the others have none."""

        FREE = "FREE"
        HELD = "HELD"
        SOLD = "SOLD"
        BLOCKED = "BLOCKED"

    # Departure and number, which are unique, are the index of the departure's seats, too.
    departure = models.ForeignKey(
        Departure, on_delete=models.PROTECT, related_name="seats", db_index=False
    )
    number = models.CharField(max_length=4)
    cabin = models.CharField(max_length=15, choices=Cabin)
    status = models.CharField(max_length=7, choices=Status, default=Status.FREE)
    reservation = models.ForeignKey(
        "booking.Reservation",
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="seats",
    )

    class Meta:
        db_table = "seat"
        constraints = [
            models.UniqueConstraint(fields=["departure", "number"], name="seat_number"),
            models.CheckConstraint(
                name="seat_owner",
                condition=models.Q(status__in=["HELD", "SOLD"], reservation__isnull=False)
                | models.Q(status__in=["FREE", "BLOCKED"], reservation__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.departure_id}"

    @classmethod
    def take(
        cls,
        departure: Departure,
        numbers: Iterable[str],
        *,
        owner: UUID,
        status: Status = Status.HELD,
    ) -> None:
        """Take free seats for a reservation, all or none.

        The condition is in the UPDATE: of many, one wins. One statement meets the rows in the same
        order, that of an index, whatever order they were asked for in: two groups that want the
        same seats wait for each other, but not both at once.

        Raises:
            LostRace: not all of them are free any more; none is taken then.
        """
        wanted = sorted(numbers)
        taken = cls._taking(len(wanted)).run(
            departure=departure.pk, owner=owner, status=status, **numbered("number", wanted)
        )
        if taken == len(wanted):
            return
        if taken:
            seats = cls.objects.filter(departure=departure, number__in=wanted)
            seats.filter(reservation_id=owner).update(status=cls.Status.FREE, reservation_id=None)
        raise LostRace(f"of the seats {', '.join(wanted)} only {taken} were free")

    @classmethod
    @cache
    def _taking(cls, seats: int) -> Update:
        """The UPDATE that takes so many seats: the condition on the status is what decides."""
        free = cls.objects.filter(
            departure=Argument("departure", models.BigIntegerField()),
            number__in=arguments(cls, "number", seats),
            status=cls.Status.FREE,
        )
        return Update(
            free,
            status=Argument("status", models.CharField()),
            reservation=Argument("owner", models.UUIDField()),
        )

    @classmethod
    def sell_held(
        cls, reservation_id: UUID, numbers: Iterable[str], *, departure: Departure
    ) -> None:
        """Sell the seats that a reservation holds on a departure.

        Raises:
            SeatNotHeld: not all of `numbers` are held by this reservation.
        """
        cls._change(reservation_id, departure, numbers, cls.Status.HELD, status=cls.Status.SOLD)

    @classmethod
    def release(
        cls,
        reservation_id: UUID,
        numbers: Iterable[str],
        *,
        departure: Departure,
        status: Status,
    ) -> None:
        """Free the seats that a reservation has on a departure, which are all HELD, or all SOLD.

        Raises:
            SeatNotHeld: not all of `numbers` are this reservation's with this status.
        """
        freed = {"status": cls.Status.FREE, "reservation": None}
        cls._change(reservation_id, departure, numbers, status, **freed)

    @classmethod
    def _change(
        cls,
        owner: UUID,
        departure: Departure,
        numbers: Iterable[str],
        now: Status,
        **changes: Any,
    ) -> None:
        """The owner is part of the condition: a seat that has been given on stays with its next
        owner, however late this comes. So is the departure: while a reservation changes from one to
        another it may have the same seat on both."""
        wanted = sorted(numbers)
        if not wanted:
            return
        changing = cls._changing(len(wanted), tuple(changes))
        whose = {"owner": owner, "departure": departure.pk, "now": now}
        lost = SeatNotHeld(f"reservation {owner} has not all of {', '.join(wanted)} {now}")
        numbers = numbered("number", wanted)
        changing.later(len(wanted), lost, **whose, **numbers, **changes)

    @classmethod
    @cache
    def _changing(cls, seats: int, changed: tuple[str, ...]) -> Update:
        owned = cls.objects.filter(
            reservation_id=Argument("owner", models.UUIDField()),
            departure=Argument("departure", models.BigIntegerField()),
            status=argument(cls, "status", "now"),
            number__in=arguments(cls, "number", seats),
        )
        return Update(owned, **{name: argument(cls, name) for name in changed})
