"""The reservation, its passengers and its timeline."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from django.db import models
from django.db.models import F
from uuid_utils.compat import uuid7

from booking.models.inventory import Departure, Seat
from booking.models.network import Cabin
from contracts import values
from contracts.values import Price, PriceLine, ReservationSummary, Ticket
from outbox.inserts import insert_later
from outbox.instances import Quick
from outbox.models import EventSource
from outbox.prepared import Select, Update, argument
from outbox.transactions import LostRace

# Without I, O, 0 and 1, which are taken for each other.
LOCATOR_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LOCATOR_LENGTH: Final = 6

# One more than the largest serial number of a ticket.
TICKET_SERIALS: Final = 10**9

# In years.
INFANT_UNDER: Final = 2
CHILD_UNDER: Final = 12


def new_record_locator() -> str:
    """A random record locator (PNR), not to be guessed from any other."""
    drawn = secrets.token_bytes(LOCATOR_LENGTH)
    # 32 letters: each is as likely as any other.
    return "".join(LOCATOR_ALPHABET[byte % len(LOCATOR_ALPHABET)] for byte in drawn)


class TicketsExhausted(Exception):
    """All serial numbers of tickets are given."""


class IllegalTransition(Exception):
    """A reservation was to be moved to a status that may not follow the one it has."""


class Reservation(EventSource):
    """One customer's seats on one departure.

    `passenger_id` and `seat_number` are the first passenger's; every passenger, the first
    included, has a row of its own. `amount` is in minor units of `currency`: the list price, until
    a fare is quoted or came with an offer. `booking_class` is what the customer asked for until
    then, and what was sold from then on.
    """

    # Set by who reads or makes a reservation together with its passengers, in their order.
    party: "list[ReservationPassenger]"

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
    booking_class = models.CharField(max_length=1, blank=True, default="")
    status = models.CharField(max_length=9, choices=Status, default=Status.PENDING)
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    # The price of a fare as events describe it; NULL at the list price.
    quoted_price = models.JSONField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1)
    # The number of the last payment operation that was asked for.
    payment_operations = models.PositiveIntegerField(default=0, editable=False)
    departure = models.ForeignKey(Departure, on_delete=models.PROTECT, related_name="reservations")
    hold_expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "reservation"
        constraints = [
            models.UniqueConstraint(fields=["record_locator"], name="reservation_locator")
        ]
        indexes = [
            models.Index(fields=["flight_number"], name="reservation_flight"),
            # A customer's list, newest first.
            models.Index(fields=["customer_id", "id"], name="reservation_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.record_locator} {self.status}"

    def summary(self, passengers: "Iterable[ReservationPassenger]") -> ReservationSummary:
        """The reservation as events describe it."""
        return ReservationSummary(
            record_locator=self.record_locator,
            customer_id=self.customer_id,
            passengers=tuple(passenger.described() for passenger in passengers),
            itinerary=self.departure.itinerary(self.cabin, self.sold_class()),
        )

    def price(self) -> Price:
        """The amount as events describe it: what a fare has quoted, else the list price."""
        if quoted := self.quoted():
            return quoted
        line = PriceLine(kind="BASE", code="LIST_PRICE", amount=self.amount)
        return Price(total=self.amount, currency=self.currency, lines=(line,))

    def quoted(self) -> Price | None:
        """The price of a fare, once there is one."""
        return None if self.quoted_price is None else msgspec.convert(self.quoted_price, Price)

    def sold_class(self) -> str | None:
        """The booking class, once a fare has settled it."""
        return None if self.quoted_price is None else self.booking_class

    @staticmethod
    def priced(price: Price, booking_class: str) -> dict[str, Any]:
        """The fields of a reservation that is sold at a fare's price in a booking class."""
        return {
            "quoted_price": msgspec.to_builtins(price),
            "amount": price.total,
            "currency": price.currency,
            "booking_class": booking_class,
        }

    def insert(self, *belongings: Sequence[models.Model]) -> None:
        """Write a new reservation, then the rows that belong to it.

        Args:
            belongings: new rows, each group of one model.

        Raises:
            LostRace: the record locator is somebody else's; the next attempt draws another.
        """

        def refused(error: Exception) -> Exception:
            is_taken = "locator" in str(error)
            return LostRace(f"record locator {self.record_locator} is taken") if is_taken else error

        insert_later([self], refused=refused)
        for rows in belongings:
            insert_later(rows)

    def move_to(self, status: "Reservation.Status", *, now: datetime) -> None:
        """Change the status by compare-and-set.

        Raises:
            IllegalTransition: the new status may not follow the one this reservation has.
            LostRace: somebody else has changed the reservation since it was read.
        """
        if status not in self.TRANSITIONS[self.status]:
            raise IllegalTransition(f"{self.record_locator}: {self.status} → {status}")
        self.change(status=status, now=now)

    def change(self, *, now: datetime, **changes: Any) -> None:
        """Set fields by compare-and-set on status and version, and raise the version.

        Raises:
            LostRace: somebody else has changed the reservation since it was read.
        """
        changes |= {"payment_operations": self.payment_operations, "updated_at": now}
        read = {"pk": self.pk, "read status": self.status, "read version": self.version}
        lost = LostRace(f"{self.record_locator} has changed since it was read")
        self._changing(tuple(changes)).later(1, lost, **read, **changes)
        for name, value in changes.items():
            setattr(self, name, value)
        self.version += 1

    @classmethod
    @cache
    def _changing(cls, changed: tuple[str, ...]) -> Update:
        status, version = (argument(cls, name, f"read {name}") for name in ("status", "version"))
        unchanged = cls.objects.filter(pk=argument(cls, "pk"), status=status, version=version)
        changes = {name: argument(cls, name) for name in changed}
        return Update(unchanged, **changes, version=F("version") + 1)

    def number_payment_operation(self) -> int:
        """The number of the next payment operation; the next change stores that it is given."""
        self.payment_operations += 1
        return self.payment_operations

    def seat_status(self) -> Seat.Status:
        """What its seats are while it lives."""
        return Seat.Status.SOLD if self.status == self.Status.CONFIRMED else Seat.Status.HELD


class ReservationPassenger(Quick):
    """A passenger of a reservation, and the seat. Names are empty where none were given."""

    class Type(models.TextChoices):
        """By the age on the day of departure: an INFANT is under two, a CHILD under twelve."""

        ADULT = "ADULT"
        CHILD = "CHILD"
        INFANT = "INFANT"

    reservation = models.ForeignKey(
        Reservation, on_delete=models.PROTECT, related_name="passengers"
    )
    passenger_id = models.PositiveBigIntegerField(db_index=True)
    seat_number = models.CharField(max_length=4)
    # Whether the customer chose the seat: one that was given is not charged for.
    chose_seat = models.BooleanField(default=False)
    type = models.CharField(max_length=6, choices=Type, default=Type.ADULT)
    given_name = models.CharField(max_length=100, blank=True, default="")
    surname = models.CharField(max_length=100, blank=True, default="")
    date_of_birth = models.DateField(null=True, blank=True)
    # NULL until the money is captured: a column that is unique knows no two empty texts.
    ticket_number = models.CharField(max_length=13, null=True, blank=True, unique=True)

    class Meta:
        db_table = "reservation_passenger"
        constraints = [
            models.UniqueConstraint(fields=["reservation", "passenger_id"], name="passenger_once"),
            models.UniqueConstraint(fields=["reservation", "seat_number"], name="one_per_seat"),
        ]

    def __str__(self) -> str:
        return f"passenger {self.passenger_id} on {self.seat_number}"

    @classmethod
    def type_of(cls, date_of_birth: date | None, on: date) -> Type:
        """The type of who was born then, on a day; an adult where it is not known."""
        if date_of_birth is None:
            return cls.Type.ADULT
        had_birthday = (on.month, on.day) >= (date_of_birth.month, date_of_birth.day)
        age = on.year - date_of_birth.year - (not had_birthday)
        if age < INFANT_UNDER:
            return cls.Type.INFANT
        return cls.Type.CHILD if age < CHILD_UNDER else cls.Type.ADULT

    def on(self, seat_number: str | None, *, day: date | None = None) -> "ReservationPassenger":
        """The same passenger on another seat, or the same (None), in a row not saved yet; on
        another day perhaps of another type."""
        return ReservationPassenger(
            reservation_id=self.reservation_id,
            passenger_id=self.passenger_id,
            seat_number=seat_number or self.seat_number,
            chose_seat=self.chose_seat or seat_number is not None,
            type=self.type_of(self.date_of_birth, day) if day else self.type,
            given_name=self.given_name,
            surname=self.surname,
            date_of_birth=self.date_of_birth,
            ticket_number=self.ticket_number,
        )

    @classmethod
    def of(cls, reservation_id: UUID) -> "list[ReservationPassenger]":
        """A reservation's passengers, in their order."""
        return cls.of_reservation().all(reservation=reservation_id)

    @classmethod
    @cache
    def of_reservation(cls) -> "Select[ReservationPassenger]":
        """How `of` looks for them."""
        of_it = cls.objects.filter(reservation=argument(cls, "reservation"))
        return Select(of_it.order_by("id"))

    def store_ticket(self) -> None:
        """Store the ticket number that was issued."""
        self._ticketing().later(pk=self.pk, ticket_number=self.ticket_number)

    @classmethod
    @cache
    def _ticketing(cls) -> Update:
        passenger = cls.objects.filter(pk=argument(cls, "pk"))
        return Update(passenger, ticket_number=argument(cls, "ticket_number"))

    def issue_ticket(self, airline_code: int) -> Ticket:
        """Give the passenger a ticket number, in memory.

        The serial is the row's key, which no other row has or ever had: no counter to queue at.

        Args:
            airline_code: the first three digits.

        Raises:
            TicketsExhausted: there are no serials left.
        """
        if self.pk >= TICKET_SERIALS:
            raise TicketsExhausted(f"row {self.pk} has no serial of nine digits")
        stem = airline_code * TICKET_SERIALS + self.pk
        self.ticket_number = f"{stem:012}{stem % 7}"
        return Ticket(number=self.ticket_number, passenger_id=self.passenger_id)

    def described(self) -> values.Passenger:
        """The passenger as events describe it."""
        return self.with_seat(values.Seat(number=self.seat_number))

    def with_seat(self, seat: values.Seat | None) -> values.Passenger:
        """The passenger as events describe it, with more said of the seat, or nothing."""
        return values.Passenger(
            passenger_id=self.passenger_id,
            type=cast("values.PassengerType", str(self.type)),
            seat=seat,
        )


class TimelineEntry(Quick):
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
