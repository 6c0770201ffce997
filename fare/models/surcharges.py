"""What is paid beside the fare: taxes and charges by airport and country, and chosen seats."""

from typing import Final

from django.db import models
from django.db.models import Q

from fare.models.edition import OfTariff
from fare.models.values import (
    MOST,
    Cabin,
    airport_code,
    amount_field,
    characteristic_code,
    country_code,
    currency_field,
    line_code,
    place_code,
)

WITHIN: Final = Q(amount__range=(0, MOST))


class Airport(OfTariff):
    """An airport that has fares; its country, whose taxes it has; and the currency in which is paid
    who starts there and wants no other."""

    code = models.CharField(max_length=3, primary_key=True, validators=[airport_code])
    country = models.CharField(max_length=2, validators=[country_code])
    currency = currency_field()

    class Meta:
        db_table = "airport"

    def __str__(self) -> str:
        return self.code


class Levy(OfTariff):
    """A tax, or a charge of the carrier's, for each passenger who leaves a place or comes there.

    Where it can be paid in several currencies, it has a row for each.
    """

    class Kind(models.TextChoices):
        """Taxes come back when nobody flies; charges where the fare is refundable."""

        TAX = "TAX"
        CHARGE = "CHARGE"

    class At(models.TextChoices):
        """For leaving a place, or for coming there."""

        DEPARTURE = "DEPARTURE"
        ARRIVAL = "ARRIVAL"

    kind = models.CharField(max_length=6, choices=Kind)
    code = models.CharField(max_length=30, validators=[line_code])
    name = models.CharField(max_length=100)
    place = models.CharField(
        max_length=3,
        blank=True,
        default="",
        validators=[place_code],
        help_text="an airport, such as ARN, a country, such as SE, or empty: everywhere",
    )
    at = models.CharField(max_length=9, choices=At, default=At.DEPARTURE)
    cabin = models.CharField(
        max_length=15, choices=Cabin, blank=True, default="", help_text="empty: in all of them"
    )
    amount = amount_field(help_text="minor units, for each passenger")
    currency = currency_field()
    children_exempt = models.BooleanField(default=False)
    infants_exempt = models.BooleanField(default=False)

    class Meta:
        db_table = "levy"
        verbose_name_plural = "levies"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "place", "at", "cabin", "currency"], name="levy_of_place"
            ),
            models.CheckConstraint(condition=WITHIN, name="levy_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.place or 'everywhere'}"

    @property
    def exempt(self) -> frozenset[str]:
        """The types of passengers that do not pay it."""
        found = {"CHILD": self.children_exempt, "INFANT": self.infants_exempt}
        return frozenset(name for name, is_exempt in found.items() if is_exempt)


class SeatCharge(OfTariff):
    """What choosing a seat of a type costs, in families that do not include it."""

    characteristic = models.CharField(max_length=25, validators=[characteristic_code])
    cabin = models.CharField(max_length=15, choices=Cabin)
    amount = amount_field(help_text="minor units, for each seat")
    currency = currency_field()

    class Meta:
        db_table = "seat_charge"
        constraints = [
            models.UniqueConstraint(
                fields=["characteristic", "cabin", "currency"], name="seat_charge_of_type"
            ),
            models.CheckConstraint(condition=WITHIN, name="seat_charge_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.characteristic} {self.cabin}"
