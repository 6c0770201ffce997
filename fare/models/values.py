"""How the columns of the tariff are checked: as the contracts have it, so that what is sold by it
can be told."""

from typing import Final

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models

# So that a price of nine passengers stays within what an event can carry.
MOST: Final = 10**12

airport_code = RegexValidator(r"\A[A-Z]{3}\Z", "An airport's IATA code is three capitals.")
country_code = RegexValidator(r"\A[A-Z]{2}\Z", "An ISO 3166 code is two capitals.")
place_code = RegexValidator(r"\A[A-Z]{2,3}\Z", "An airport's IATA code or a country's ISO code.")
currency_code = RegexValidator(r"\A[A-Z]{3}\Z", "An ISO 4217 code is three capitals.")
class_code = RegexValidator(r"\A[A-Z]\Z", "A booking class is one capital.")
family_code = RegexValidator(
    r"\A[A-Z][A-Z0-9_]{0,29}\Z", "Capitals, digits and underscores, such as LIGHT."
)
basis_code = RegexValidator(
    r"\A[A-Z0-9]{1,15}(/[A-Z0-9]{1,10})?\Z", "Capitals and digits, such as YLIGHT or YLIGHT/CH25."
)
line_code = RegexValidator(
    r"\A[A-Z0-9][A-Z0-9_]{0,29}\Z", "Capitals, digits and underscores, such as YQ."
)
characteristic_code = RegexValidator(
    r"\A[A-Z][A-Z_]{0,24}\Z", "Capitals and underscores, such as WINDOW or EXIT_ROW."
)
operating_days = RegexValidator(
    r"\A(?=.)1?2?3?4?5?6?7?\Z", "The digits 1 (Monday) to 7 (Sunday), in order, such as 12345."
)


class Cabin(models.TextChoices):
    """The classes of service, from the back of the aircraft to its front."""

    ECONOMY = "ECONOMY"
    PREMIUM_ECONOMY = "PREMIUM_ECONOMY"
    BUSINESS = "BUSINESS"
    FIRST = "FIRST"


def amount_field(**options: object) -> "models.PositiveBigIntegerField[int, int]":
    """Minor units of a currency."""
    return models.PositiveBigIntegerField(validators=[MaxValueValidator(MOST)], **options)  # type: ignore[arg-type]


def currency_field() -> "models.CharField[str, str]":
    """An ISO 4217 code."""
    return models.CharField(max_length=3, validators=[currency_code])
