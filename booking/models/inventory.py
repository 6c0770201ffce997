"""Flights, their departures, and the seats of each departure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
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

    def itinerary(self) -> Itinerary:
        """The departure as events describe it."""
        return Itinerary(
            carrier=self.flight.carrier,
            flight_number=self.flight.number,
            origin=self.flight.origin,
            destination=self.flight.destination,
            departure_date=self.date,
            departs_at=self.departs_at,
            arrives_at=self.departs_at + timedelta(minutes=self.flight.duration_minutes),
            origin_zone=self.flight.origin_zone,
            cabin=CABIN,
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

    def hold(self, reservation_id: UUID) -> None:
        """Take a free seat. The condition is in the UPDATE: of many, one wins.

        Raises:
            LostRace: somebody else has taken it.
        """
        free = Seat.objects.filter(pk=self.pk, status=Seat.Status.FREE)
        if not free.update(status=Seat.Status.HELD, reservation_id=reservation_id):
            raise LostRace(f"seat {self.number} is not free any more")

    @classmethod
    def sell_held(cls, reservation_id: UUID, numbers: Iterable[str]) -> None:
        """Sell the seats that a reservation holds.

        Raises:
            SeatNotHeld: not all of `numbers` are held by this reservation.
        """
        cls._change_held(reservation_id, numbers, status=cls.Status.SOLD)

    @classmethod
    def release_held(cls, reservation_id: UUID, numbers: Iterable[str]) -> None:
        """Free the seats that a reservation holds.

        Raises:
            SeatNotHeld: not all of `numbers` are held by this reservation.
        """
        cls._change_held(reservation_id, numbers, status=cls.Status.FREE, reservation_id=None)

    @classmethod
    def _change_held(cls, owner: UUID, numbers: Iterable[str], **changes: Any) -> None:
        """The owner is part of the condition: a seat that has been given on stays with its next
        owner, however late this comes."""
        wanted = sorted(numbers)
        held = cls.objects.filter(reservation_id=owner, status=cls.Status.HELD, number__in=wanted)
        if held.update(**changes) != len(wanted):
            raise SeatNotHeld(f"reservation {owner} does not hold all of {', '.join(wanted)}")
