"""Fares and the rules under which they are sold."""

from collections.abc import Mapping
from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from contracts.values import Conditions, Penalty
from fare import rules
from fare.models.edition import OfTariff
from fare.models.surcharges import Airport
from fare.models.values import (
    MOST,
    Cabin,
    amount_field,
    basis_code,
    class_code,
    currency_field,
    family_code,
    operating_days,
)

MOST_PERCENT = 100

__all__ = ["MOST", "Blackout", "Cabin", "Fare", "FareFamily", "conditions_of", "discounts_of"]


class FareFamily(OfTariff):
    """What fares of different markets have in common, such as LIGHT and FLEX."""

    code = models.CharField(max_length=30, primary_key=True, validators=[family_code])
    name = models.CharField(max_length=100)
    includes_seats = models.BooleanField(
        default=False, help_text="seats may be chosen without a charge"
    )

    class Meta:
        db_table = "fare_family"
        verbose_name_plural = "fare families"

    def __str__(self) -> str:
        return self.code


def _discount() -> "models.PositiveSmallIntegerField[int | None, int | None]":
    return models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_PERCENT)],
        help_text="percent less than an adult; empty: not sold for them",
    )


class Fare(OfTariff):
    """A price for one seat on a market, and the rules under which it is sold.

    `fare.rules.Fare` says what each means to pricing.
    """

    origin = models.ForeignKey(Airport, models.PROTECT, related_name="+")
    destination = models.ForeignKey(Airport, models.PROTECT, related_name="+")
    cabin = models.CharField(max_length=15, choices=Cabin)
    booking_class = models.CharField(max_length=1, validators=[class_code])
    basis = models.CharField("fare basis", max_length=26, validators=[basis_code])
    family = models.ForeignKey(FareFamily, models.PROTECT, related_name="+")
    amount = amount_field(help_text="what an adult pays, in minor units, before taxes and charges")
    currency = currency_field()
    child_discount = _discount()
    infant_discount = _discount()
    sale_from = models.DateField(help_text="first date of sale, UTC")
    sale_to = models.DateField(null=True, blank=True)
    travel_from = models.DateField(help_text="first date of departure, local to the origin")
    travel_to = models.DateField(null=True, blank=True)
    days = models.CharField(
        max_length=7, default=rules.EVERY_DAY, validators=[operating_days], help_text="1 is Monday"
    )
    advance_purchase_days = models.PositiveSmallIntegerField(default=0)
    authorization_level = models.PositiveSmallIntegerField(
        help_text="how many seats of the booking class may be sold on one departure"
    )
    refundable = models.BooleanField(default=False)
    cancel_before_allowed = models.BooleanField("may be canceled before the departure")
    cancel_before_fee = amount_field(default=0)
    cancel_after_allowed = models.BooleanField("may be canceled after the departure")
    cancel_after_fee = amount_field(default=0)
    change_before_allowed = models.BooleanField("may be changed before the departure")
    change_before_fee = amount_field(default=0)
    change_after_allowed = models.BooleanField("may be changed after the departure")
    change_after_fee = amount_field(default=0)

    class Meta:
        db_table = "fare"
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "destination", "cabin", "basis"], name="fare_basis_of_market"
            ),
            models.CheckConstraint(
                condition=~Q(origin=F("destination")), name="fare_leads_somewhere"
            ),
            models.CheckConstraint(
                condition=Q(
                    amount__range=(0, MOST),
                    cancel_before_fee__range=(0, MOST),
                    cancel_after_fee__range=(0, MOST),
                    change_before_fee__range=(0, MOST),
                    change_after_fee__range=(0, MOST),
                ),
                name="fare_amounts",
            ),
            models.CheckConstraint(
                condition=(Q(child_discount=None) | Q(child_discount__range=(0, MOST_PERCENT)))
                & (Q(infant_discount=None) | Q(infant_discount__range=(0, MOST_PERCENT))),
                name="fare_discounts",
            ),
            models.CheckConstraint(
                condition=(Q(sale_to=None) | Q(sale_to__gte=F("sale_from")))
                & (Q(travel_to=None) | Q(travel_to__gte=F("travel_from"))),
                name="fare_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin_id}-{self.destination_id} {self.basis}"


def conditions_of(row: Mapping[str, Any]) -> Conditions:
    """What a fare allows, as prices tell it, from its columns."""

    def penalty(of: str) -> Penalty:
        return Penalty(allowed=row[f"{of}_allowed"], fee=row[f"{of}_fee"])

    return Conditions(
        refundable=row["refundable"],
        cancel_before_departure=penalty("cancel_before"),
        cancel_after_departure=penalty("cancel_after"),
        change_before_departure=penalty("change_before"),
        change_after_departure=penalty("change_after"),
    )


def discounts_of(row: Mapping[str, Any]) -> dict[str, int]:
    """What other passengers than adults pay less for a fare, in percent, from its columns."""
    found = {"CHILD": row["child_discount"], "INFANT": row["infant_discount"]}
    return {name: percent for name, percent in found.items() if percent is not None}


class Blackout(OfTariff):
    """Dates of departure, both included, for which a fare is not sold."""

    fare = models.ForeignKey(Fare, models.CASCADE, related_name="blackouts")
    first = models.DateField()
    last = models.DateField()

    class Meta:
        db_table = "fare_blackout"
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="fare_blackout_dates")
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"
