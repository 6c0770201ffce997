"""Where is flown, and with what: airports, and aircraft types with their seat maps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from booking.seating import LETTERS
from contracts import values
from outbox.instances import Quick

# A seat number is a row of one or two digits and a letter.
LAST_ROW: Final = 99

airport_code = RegexValidator(r"\A[A-Z]{3}\Z", "An airport's IATA code is three capitals.")
aircraft_code = RegexValidator(r"\A[A-Z0-9]{3}\Z", "An aircraft's IATA code is three characters.")
seat_letters = RegexValidator(
    rf"\A[{LETTERS}]+( [{LETTERS}]+)*\Z",
    "Letters from A to K without I, with a space for each aisle, such as ABC DEF.",
)


def validate_zone(name: str) -> None:
    """Refuse what is no time zone's name.

    Raises:
        ValidationError: there is no such zone.
    """
    if name not in available_timezones():
        raise ValidationError(f"{name} is no time zone, such as Europe/Stockholm")


class Cabin(models.TextChoices):
    """The classes of service, from the back of the aircraft to its front."""

    ECONOMY = "ECONOMY"
    PREMIUM_ECONOMY = "PREMIUM_ECONOMY"
    BUSINESS = "BUSINESS"
    FIRST = "FIRST"


class Airport(Quick):
    """An airport, by its IATA code; its zone turns local times into moments."""

    code = models.CharField(max_length=3, primary_key=True, validators=[airport_code])
    name = models.CharField(max_length=100)
    city = models.CharField(max_length=100)
    country = models.CharField(
        max_length=2,
        validators=[RegexValidator(r"\A[A-Z]{2}\Z", "An ISO 3166 code is two capitals.")],
    )
    zone = models.CharField(
        max_length=40, validators=[validate_zone], help_text="IANA, such as Europe/Stockholm"
    )

    class Meta:
        db_table = "airport"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def time_zone(self) -> ZoneInfo:
        """The zone that local times are in."""
        return ZoneInfo(self.zone)


@dataclass(frozen=True)
class Place:
    """A seat of a seat map, whatever the departure.

    `position` is WINDOW, MIDDLE or AISLE: what the seat is beside. A window goes before an aisle,
    where a seat has both.
    """

    row: int
    letter: str
    cabin: Cabin
    position: str
    is_exit_row: bool = False
    is_blocked: bool = False

    @property
    def number(self) -> str:
        """Row and letter, such as 12A."""
        return f"{self.row}{self.letter}"

    @property
    def characteristics(self) -> tuple[str, ...]:
        """The place as events describe it."""
        return (self.position, "EXIT_ROW") if self.is_exit_row else (self.position,)

    def described(self) -> values.Seat:
        """The seat as events describe it."""
        return values.Seat(number=self.number, characteristics=self.characteristics)


class AircraftType(models.Model):
    """A type of aircraft, by its IATA code, and its seat map: the layouts of its cabins."""

    code = models.CharField(max_length=3, primary_key=True, validators=[aircraft_code])
    name = models.CharField(max_length=100)

    class Meta:
        db_table = "aircraft_type"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @cached_property
    def seat_map(self) -> dict[str, Place]:
        """Every place by its number, from the front to the back, read once."""
        layouts = self.layouts.order_by("first_row")
        return {place.number: place for layout in layouts for place in layout.places()}

    def places(self) -> Iterable[Place]:
        """Every place, from the front to the back."""
        return self.seat_map.values()

    def cabins(self) -> set[Cabin]:
        """The cabins that the aircraft has."""
        return {place.cabin for place in self.places()}


class CabinLayout(models.Model):
    """The rows of one cabin, all with the same letters but where a seat is missing.

    Exit rows are row numbers, missing and blocked seats are seat numbers. A row of the cabin that
    is not there, such as 13, has all its seats missing. Blocked seats are there and do not sell.
    """

    aircraft_type = models.ForeignKey(
        AircraftType, on_delete=models.CASCADE, related_name="layouts", db_column="aircraft_type"
    )
    cabin = models.CharField(max_length=15, choices=Cabin)
    first_row = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(LAST_ROW)]
    )
    last_row = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(LAST_ROW)]
    )
    letters = models.CharField(
        max_length=14, validators=[seat_letters], help_text="a space is an aisle: ABC DEF"
    )
    exit_rows = models.JSONField(default=list, blank=True, help_text="such as [12, 13]")
    missing_seats = models.JSONField(default=list, blank=True, help_text='such as ["12A"]')
    blocked_seats = models.JSONField(default=list, blank=True, help_text='such as ["12A"]')

    class Meta:
        db_table = "cabin_layout"
        constraints = [
            models.UniqueConstraint(fields=["aircraft_type", "first_row"], name="cabin_row"),
            models.CheckConstraint(
                name="cabin_rows",
                condition=models.Q(first_row__gte=1)
                & models.Q(first_row__lte=models.F("last_row"))
                & models.Q(last_row__lte=LAST_ROW),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.aircraft_type_id} {self.cabin} {self.first_row}-{self.last_row}"

    def places(self) -> Iterator[Place]:
        """Every seat of the cabin, row by row."""
        missing, blocked = set(self.missing_seats), set(self.blocked_seats)
        positions = list(self._positions())
        for row in range(self.first_row, self.last_row + 1):
            for letter, position in positions:
                if f"{row}{letter}" not in missing:
                    yield Place(
                        row=row,
                        letter=letter,
                        cabin=Cabin(self.cabin),
                        position=position,
                        is_exit_row=row in self.exit_rows,
                        is_blocked=f"{row}{letter}" in blocked,
                    )

    def _positions(self) -> Iterator[tuple[str, str]]:
        """Each letter with what its seats are beside: the walls are at both ends, an aisle is
        wherever a space is."""
        groups = self.letters.split()
        first, last = groups[0][0], groups[-1][-1]
        for group in groups:
            for letter in group:
                if letter in (first, last):
                    yield letter, "WINDOW"
                else:
                    yield letter, "AISLE" if letter in (group[0], group[-1]) else "MIDDLE"

    def clean(self) -> None:
        """Refuse rows and seats that the cabin does not have, and rows that another cabin has.

        Raises:
            ValidationError: naming the field.
        """
        problems = {
            **_unless(self._are_rows(self.exit_rows), "exit_rows", "a list of the cabin's rows"),
            **_unless(
                self._are_seats(self.missing_seats), "missing_seats", "a list of the cabin's seats"
            ),
            **_unless(
                self._are_seats(self.blocked_seats), "blocked_seats", "a list of the cabin's seats"
            ),
            **_unless(_are_different(self.letters), "letters", "letters that differ"),
            **_unless(not self._overlaps(), "first_row", "rows that no other cabin has"),
        }
        if problems:
            raise ValidationError(problems)

    def _are_rows(self, rows: Any) -> bool:
        return isinstance(rows, list) and all(
            type(row) is int and self._has_row(row) for row in rows
        )

    def _are_seats(self, numbers: Any) -> bool:
        return isinstance(numbers, list) and all(self._has_seat(number) for number in numbers)

    def _has_seat(self, number: Any) -> bool:
        if not isinstance(number, str) or not number[:-1].isdecimal():
            return False
        row, letter = int(number[:-1]), number[-1]
        known = letter in LETTERS and letter in self.letters
        return known and number == f"{row}{letter}" and self._has_row(row)

    def _has_row(self, row: int) -> bool:
        # A form that could not read a row number leaves it empty, and says so by itself.
        first, last = cast("int | None", self.first_row), cast("int | None", self.last_row)
        return first is not None and last is not None and first <= row <= last

    def _overlaps(self) -> bool:
        if self.aircraft_type_id is None or self.first_row is None or self.last_row is None:
            return False
        others = CabinLayout.objects.filter(aircraft_type=self.aircraft_type_id)
        meeting = others.filter(first_row__lte=self.last_row, last_row__gte=self.first_row)
        return meeting.exclude(pk=self.pk).exists()


def _are_different(letters: str) -> bool:
    return len(set(letters.replace(" ", ""))) == len(letters.replace(" ", ""))


def _unless(fits: bool, field: str, wanted: str) -> dict[str, str]:
    return {} if fits else {field: f"This must be {wanted}."}
