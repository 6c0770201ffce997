"""The reservation, its passengers and its timeline."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.db import IntegrityError, models
from django.db.models import F
from uuid_utils.compat import uuid7

from booking.models.inventory import Departure
from booking.models.network import Cabin
from contracts import values
from contracts.values import Price, PriceLine, ReservationSummary
from outbox.models import EventSource
from outbox.transactions import LostRace

# Without I, O, 0 and 1, which are taken for each other.
LOCATOR_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LOCATOR_LENGTH: Final = 6


def new_record_locator() -> str:
    """A random record locator (PNR), not to be guessed from any other."""
    return "".join(secrets.choice(LOCATOR_ALPHABET) for _ in range(LOCATOR_LENGTH))


class IllegalTransition(Exception):
    """A reservation was to be moved to a status that may not follow the one it has."""


class Reservation(EventSource):
    """One customer's seats on one departure.

    `passenger_id` and `seat_number` are the first passenger's; every passenger, the first
    included, has a row of its own. `amount` is in minor units of `currency`.
    """

    class Status(models.TextChoices):
        """CONFIRMED means that the card is authorized and the seat is sold."""

        PENDING = "PENDING"
        CONFIRMED = "CONFIRMED"
        CANCELED = "CANCELED"
        REJECTED = "REJECTED"
        EXPIRED = "EXPIRED"

    # Which status may follow which.
    TRANSITIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
        {
            Status.PENDING: frozenset(
                {Status.CONFIRMED, Status.REJECTED, Status.EXPIRED, Status.CANCELED}
            ),
            Status.CONFIRMED: frozenset({Status.CANCELED}),
            Status.CANCELED: frozenset(),
            Status.REJECTED: frozenset(),
            Status.EXPIRED: frozenset(),
        }
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    record_locator = models.CharField(max_length=6, default=new_record_locator)
    customer_id = models.CharField(max_length=150)
    passenger_id = models.PositiveBigIntegerField()
    flight_number = models.PositiveIntegerField()
    seat_number = models.CharField(max_length=4)
    cabin = models.CharField(max_length=15, choices=Cabin)
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    version = models.PositiveIntegerField(default=1)
    departure = models.ForeignKey(Departure, on_delete=models.PROTECT, related_name="reservations")
    hold_expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "reservation"
        constraints = [
            models.UniqueConstraint(fields=["record_locator"], name="reservation_locator")
        ]

    def __str__(self) -> str:
        return f"{self.record_locator} {self.status}"

    def summary(self, passengers: "Iterable[ReservationPassenger]") -> ReservationSummary:
        """The reservation as events describe it."""
        return ReservationSummary(
            record_locator=self.record_locator,
            customer_id=self.customer_id,
            passengers=tuple(passenger.described() for passenger in passengers),
            itinerary=self.departure.itinerary(self.cabin),
        )

    def price(self) -> Price:
        """The amount as events describe it: the list price."""
        line = PriceLine(kind="BASE", code="LIST_PRICE", amount=self.amount)
        return Price(total=self.amount, currency=self.currency, lines=(line,))

    def insert(self) -> None:
        """Write a new reservation.

        Raises:
            LostRace: the record locator is somebody else's; the next attempt draws another.
        """
        try:
            self.save(force_insert=True)
        except IntegrityError as error:
            if "locator" not in str(error):
                raise
            raise LostRace(f"record locator {self.record_locator} is taken") from error

    def move_to(self, status: "Reservation.Status", *, now: datetime) -> None:
        """Change the status by compare-and-set.

        Raises:
            IllegalTransition: the new status may not follow the one this reservation has.
            LostRace: somebody else has changed the reservation since it was read.
        """
        if status not in self.TRANSITIONS[self.status]:
            raise IllegalTransition(f"{self.record_locator}: {self.status} → {status}")
        unchanged = Reservation.objects.filter(pk=self.pk, status=self.status, version=self.version)
        if not unchanged.update(status=status, version=F("version") + 1, updated_at=now):
            raise LostRace(f"{self.record_locator} has changed since it was read")
        self.status, self.version, self.updated_at = status, self.version + 1, now


class ReservationPassenger(models.Model):
    """A passenger of a reservation, and the seat."""

    reservation = models.ForeignKey(
        Reservation, on_delete=models.PROTECT, related_name="passengers"
    )
    passenger_id = models.PositiveBigIntegerField()
    seat_number = models.CharField(max_length=4)

    class Meta:
        db_table = "reservation_passenger"
        constraints = [
            models.UniqueConstraint(fields=["reservation", "passenger_id"], name="passenger_once"),
            models.UniqueConstraint(fields=["reservation", "seat_number"], name="one_per_seat"),
        ]

    def __str__(self) -> str:
        return f"passenger {self.passenger_id} on {self.seat_number}"

    def described(self) -> values.Passenger:
        """The passenger as events describe it."""
        return values.Passenger(
            passenger_id=self.passenger_id,
            type="ADULT",
            seat=values.Seat(number=self.seat_number),
        )


class TimelineEntry(models.Model):
    """What happened to a reservation, for a person to read. Only ever added to."""

    reservation = models.ForeignKey(Reservation, on_delete=models.PROTECT, related_name="timeline")
    at = models.DateTimeField()
    entry = models.CharField(max_length=60)
    detail = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "reservation_timeline"
        verbose_name_plural = "timeline entries"

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.entry}"
