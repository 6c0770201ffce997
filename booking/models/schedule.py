"""Flights and the weekly schedule they are flown on."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from booking.models.network import AircraftType, Airport, Cabin, Place
from contracts.values import LARGEST
from outbox.instances import Quick
from outbox.transactions import LostRace

LARGEST_NUMBER: Final = 9999
LONGEST_MINUTES: Final = 24 * 60

days_of_operation = RegexValidator(
    r"\A(?=.)1?2?3?4?5?6?7?\Z", "Days are the digits 1 (Monday) to 7 (Sunday), such as 12345."
)


class NoListPrice(Exception):
    """A seat of a cabin is asked for that the flight has no price for."""


def validate_list_prices(prices: Any) -> None:
    """Refuse what is not an amount in minor units for each of some cabins.

    Raises:
        ValidationError: saying what it must be.
    """
    if not isinstance(prices, dict) or not prices:
        raise ValidationError('This must be an amount for each cabin, such as {"ECONOMY": 12900}.')
    for cabin, amount in prices.items():
        if cabin not in Cabin.values:
            raise ValidationError(f"{cabin} is no cabin; they are {', '.join(Cabin.values)}.")
        if type(amount) is not int or not 1 <= amount <= LARGEST:
            raise ValidationError(f"The price of {cabin} must be a whole number of minor units.")


class Flight(Quick):
    """A carrier's number on a route.

    `list_prices` has the price of one seat of each cabin, in minor units of `currency`.
    """

    number = models.PositiveIntegerField(
        unique=True, validators=[MinValueValidator(1), MaxValueValidator(LARGEST_NUMBER)]
    )
    carrier = models.CharField(
        max_length=2, validators=[RegexValidator(r"\A[A-Z0-9]{2}\Z", "Two capitals or digits.")]
    )
    origin = models.ForeignKey(
        Airport, on_delete=models.PROTECT, related_name="+", db_column="origin"
    )
    destination = models.ForeignKey(
        Airport, on_delete=models.PROTECT, related_name="+", db_column="destination"
    )
    list_prices = models.JSONField(
        validators=[validate_list_prices],
        help_text='minor units for each cabin, such as {"ECONOMY": 12900}',
    )
    currency = models.CharField(
        max_length=3, validators=[RegexValidator(r"\A[A-Z]{3}\Z", "An ISO 4217 code.")]
    )

    class Meta:
        db_table = "flight"
        constraints = [
            models.CheckConstraint(name="flight_route", condition=~Q(origin=F("destination")))
        ]

    def __str__(self) -> str:
        return f"{self.carrier}{self.number} {self.origin_id}-{self.destination_id}"

    def clean(self) -> None:
        """Refuse to take away the price of a cabin that is flown.

        Raises:
            ValidationError: naming the cabins.
        """
        if self.pk and isinstance(self.list_prices, dict):
            flown = {place.cabin for place in self.places().values()}
            if unpriced := sorted(flown - set(self.list_prices)):
                told = f"This must have a price for {', '.join(unpriced)}, which is flown."
                raise ValidationError({"list_prices": told})

    def list_price(self, cabin: str) -> int:
        """The price of one seat of a cabin, in minor units.

        Raises:
            NoListPrice: the flight has none for this cabin.
        """
        if cabin not in self.list_prices:
            raise NoListPrice(f"{self} has no list price for {cabin}")
        return int(self.list_prices[cabin])

    def places(self) -> dict[str, Place]:
        """Every place, by its number, of the aircraft that the flight is scheduled with."""
        types = AircraftType.objects.filter(periods__flight=self).distinct()
        return {number: place for one in types for number, place in one.seat_map.items()}


class SchedulePeriod(models.Model):
    """A flight on some days of the week, from one date to another, at a local time.

    `days` are ISO weekdays, 1 is Monday. `valid_to` is the last day, none until further notice.
    The duration is from gate to gate, so that the arrival is right in the night the clocks change.
    `planned_until` is the last date whose departure, if there is one, has been made.
    """

    flight = models.ForeignKey(Flight, on_delete=models.PROTECT, related_name="periods")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True, help_text="empty: until further notice")
    days = models.CharField(
        max_length=7, validators=[days_of_operation], help_text="1 is Monday: 1234567 is daily"
    )
    departure_time = models.TimeField(help_text="local time at the origin")
    duration_minutes = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_MINUTES)]
    )
    aircraft_type = models.ForeignKey(
        AircraftType, on_delete=models.PROTECT, related_name="periods", db_column="aircraft_type"
    )
    planned_until = models.DateField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "schedule_period"
        constraints = [
            models.UniqueConstraint(fields=["flight", "valid_from", "days"], name="period_once"),
            models.CheckConstraint(
                name="period_dates",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        until = self.valid_to or "further notice"
        return f"{self.flight} on days {self.days} from {self.valid_from} to {until}"

    def departs_at(self, day: date) -> datetime:
        """The moment, in UTC, at which the flight leaves on a local date."""
        zone = self.flight.origin.time_zone()
        return datetime.combine(day, self.departure_time, zone).astimezone(UTC)

    def arrives_at(self, day: date) -> datetime:
        """The moment, in UTC, at which the departure of a local date arrives."""
        return self.departs_at(day) + timedelta(minutes=self.duration_minutes)

    def flies_on(self, day: date) -> bool:
        """Whether there is a departure on a local date."""
        valid = self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)
        return valid and str(day.isoweekday()) in self.days

    def dates(self, first: date, last: date) -> Iterator[date]:
        """The dates of departures, from one date to another, both included."""
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(ordinal)
            if self.flies_on(day):
                yield day

    def clashes_with(self, other: "SchedulePeriod") -> bool:
        """Whether some date has a departure of both: a flight leaves once a day."""
        first = max(self.valid_from, other.valid_from)
        last = min(self.valid_to or date.max, other.valid_to or date.max)
        days = (date.fromordinal(n) for n in _week(first) if n <= last.toordinal())
        return any(self.flies_on(day) and other.flies_on(day) for day in days)

    def mark_planned(self, until: date) -> None:
        """Record by compare-and-set that all dates up to this one have been planned.

        The first of two that plan the same dates at once wins; the other waits here for its
        COMMIT, so that it never meets a departure that is being made.

        Raises:
            LostRace: somebody else has planned since the period was read.
        """
        unchanged = SchedulePeriod.objects.filter(pk=self.pk, planned_until=self.planned_until)
        if not unchanged.update(planned_until=until):
            raise LostRace(f"{self} is being planned by somebody else")
        self.planned_until = until

    def clean(self) -> None:
        """Refuse an unpriced cabin, and a date on which the flight leaves already.

        Raises:
            ValidationError: the period cannot be flown as it is.
        """
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": "This is before the first day."})
        if self.aircraft_type_id and self.flight_id:
            self._must_be_priced()
        if self.flight_id and self.valid_from and self.days:
            self._must_not_clash()

    def _must_be_priced(self) -> None:
        unpriced = sorted(self.aircraft_type.cabins() - set(self.flight.list_prices))
        if unpriced:
            raise ValidationError(f"{self.flight} has no list price for {', '.join(unpriced)}.")

    def _must_not_clash(self) -> None:
        others = SchedulePeriod.objects.filter(flight=self.flight_id).exclude(pk=self.pk)
        for other in others.select_related("flight"):
            if self.clashes_with(other):
                raise ValidationError(f"{other} has departures on the same dates.")


def _week(first: date) -> range:
    return range(first.toordinal(), min(first.toordinal() + 7, date.max.toordinal() + 1))
