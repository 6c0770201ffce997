"""Flights, their departures, and the seats of each departure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from contracts.values import Cabin, Itinerary
from outbox.transactions import LostRace

# Every aircraft of the demonstration has one cabin.
CABIN: Final[Cabin] = "ECONOMY"


def validate_zone(name: str) -> None:
    """Refuse what is no time zone's name.

    Raises:
        ValidationError: there is no such zone.
    """
    if name not in available_timezones():
        raise ValidationError(f"{name} is no time zone, such as Europe/Stockholm")


class Flight(models.Model):
    """A carrier's number on a route, flown daily at a local time.

    `price_amount` is the list price of one seat, in minor units of `currency`.
    """

    number = models.PositiveIntegerField(unique=True)
    carrier = models.CharField(max_length=2)
    origin = models.CharField(max_length=3)
    destination = models.CharField(max_length=3)
    origin_zone = models.CharField(max_length=40, validators=[validate_zone])
    departure_time = models.TimeField(help_text="local time at the origin")
    duration_minutes = models.PositiveSmallIntegerField()
    seat_rows = models.PositiveSmallIntegerField()
    seat_letters = models.CharField(max_length=10)
    price_amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, validators=[RegexValidator(r"\A[A-Z]{3}\Z")])

    class Meta:
        db_table = "flight"

    def __str__(self) -> str:
        return f"{self.carrier}{self.number} {self.origin}-{self.destination}"

    def departs_at(self, day: date) -> datetime:
        """The moment, in UTC, at which the flight leaves on a local date."""
        local = datetime.combine(day, self.departure_time, ZoneInfo(self.origin_zone))
        return local.astimezone(UTC)

    def list_price(self, cabin: str) -> int:
        """The price of one seat of a cabin, in minor units."""
        return self.price_amount

    def seat_numbers(self) -> Iterator[str]:
        """Every seat of the aircraft: 1A, 1B, …"""
        for row in range(1, self.seat_rows + 1):
            for letter in self.seat_letters:
                yield f"{row}{letter}"


class Departure(models.Model):
    """A flight on a date; `date` is local to the origin."""

    class Status(models.TextChoices):
        """Only open departures sell."""

        OPEN = "OPEN"
        CLOSED = "CLOSED"
        DEPARTED = "DEPARTED"
        CANCELED = "CANCELED"

    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, related_name="departures")
    date = models.DateField()
    departs_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)

    class Meta:
        db_table = "departure"
        constraints = [models.UniqueConstraint(fields=["flight", "date"], name="departure_day")]
        indexes = [models.Index(fields=["flight", "departs_at"], name="departure_next")]

    def __str__(self) -> str:
        return f"{self.flight} on {self.date}"

    def itinerary(self, cabin: str) -> Itinerary:
        """The departure, and the cabin of the seats, as events describe them."""
        return Itinerary(
            carrier=self.flight.carrier,
            flight_number=self.flight.number,
            origin=self.flight.origin,
            destination=self.flight.destination,
            departure_date=self.date,
            departs_at=self.departs_at,
            arrives_at=self.departs_at + timedelta(minutes=self.flight.duration_minutes),
            origin_zone=self.flight.origin_zone,
            cabin=cast("Cabin", cabin),
        )


class SeatNotHeld(Exception):
    """A seat that was to be sold or released is not this reservation's."""


class Seat(models.Model):
    """One seat of one departure, made with the departure.

    The owner is a reservation's id without a database constraint, because the seat is taken,
    which is where a race is decided, before the reservation's row is written.
    """

    class Status(models.TextChoices):
        """HELD and SOLD seats have an owner, the others have none."""

        FREE = "FREE"
        HELD = "HELD"
        SOLD = "SOLD"
        BLOCKED = "BLOCKED"

    departure = models.ForeignKey(Departure, on_delete=models.PROTECT, related_name="seats")
    number = models.CharField(max_length=4)
    cabin = models.CharField(max_length=15, default=CABIN)
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
        seats = cls.objects.filter(departure=departure, number__in=wanted)
        taken = seats.filter(status=cls.Status.FREE).update(status=status, reservation_id=owner)
        if taken == len(wanted):
            return
        if taken:
            seats.filter(reservation_id=owner).update(status=cls.Status.FREE, reservation_id=None)
        raise LostRace(f"of the seats {', '.join(wanted)} only {taken} were free")

    @classmethod
    def sell_held(cls, reservation_id: UUID, numbers: Iterable[str]) -> None:
        """Sell the seats that a reservation holds.

        Raises:
            SeatNotHeld: not all of `numbers` are held by this reservation.
        """
        cls._change(reservation_id, numbers, cls.Status.HELD, status=cls.Status.SOLD)

    @classmethod
    def release(cls, reservation_id: UUID, numbers: Iterable[str], *, status: Status) -> None:
        """Free the seats that a reservation has, which are all HELD, or all SOLD.

        Raises:
            SeatNotHeld: not all of `numbers` are this reservation's with this status.
        """
        cls._change(reservation_id, numbers, status, status=cls.Status.FREE, reservation_id=None)

    @classmethod
    def _change(cls, owner: UUID, numbers: Iterable[str], now: Status, **changes: Any) -> None:
        """The owner is part of the condition: a seat that has been given on stays with its next
        owner, however late this comes."""
        wanted = sorted(numbers)
        owned = cls.objects.filter(reservation_id=owner, status=now, number__in=wanted)
        if owned.update(**changes) != len(wanted):
            raise SeatNotHeld(f"reservation {owner} has not all of {', '.join(wanted)} {now}")
