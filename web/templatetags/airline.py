"""How things of the airline are shown."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel.numbers import format_currency, get_currency_precision
from django import template
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from web import places, words
from web.answers import Departure, Line

register = template.Library()

# Each language with the region whose habits it follows.
LOCALES: Final = {"en": "en_GB", "sv": "sv_SE"}
NAMES: Final = {
    "ECONOMY": gettext_lazy("Economy"),
    "PREMIUM_ECONOMY": gettext_lazy("Premium economy"),
    "BUSINESS": gettext_lazy("Business"),
    "FIRST": gettext_lazy("First"),
    "ADULT": gettext_lazy("Adult"),
    "CHILD": gettext_lazy("Child"),
    "INFANT": gettext_lazy("Infant"),
    "LIGHT": gettext_lazy("Light"),
    "STANDARD": gettext_lazy("Standard"),
    "FLEX": gettext_lazy("Flex"),
    "BASE": gettext_lazy("Fare"),
    "TAX": gettext_lazy("Tax"),
    "CHARGE": gettext_lazy("Charge"),
    "FEE": gettext_lazy("Fee"),
    "SEAT_WINDOW": gettext_lazy("Window seat"),
    "SEAT_AISLE": gettext_lazy("Aisle seat"),
    "SEAT_MIDDLE": gettext_lazy("Middle seat"),
    "SEAT_EXIT_ROW": gettext_lazy("Seat with more room"),
    "WINDOW": gettext_lazy("window"),
    "AISLE": gettext_lazy("aisle"),
    "MIDDLE": gettext_lazy("middle"),
    "PENDING": gettext_lazy("Pending"),
    "CONFIRMED": gettext_lazy("Confirmed"),
    "CANCELED": gettext_lazy("Canceled"),
    "REJECTED": gettext_lazy("Not sold"),
    "EXPIRED": gettext_lazy("Expired"),
}


@register.filter
def money(amount: int, currency: str) -> str:
    """An amount in minor units, with its currency."""
    value = Decimal(amount).scaleb(-get_currency_precision(currency))
    return format_currency(value, currency, locale=_locale())


@register.filter
def summed(lines: Iterable[Line]) -> list[tuple[str, int]]:
    """The lines of a price as a bill has them: those of all passengers together."""
    amounts: dict[str, int] = {}
    for line in lines:
        name = _line(line)
        amounts[name] = amounts.get(name, 0) + line.amount
    return list(amounts.items())


def _line(line: Line) -> str:
    """What a line is for."""
    if line.code in NAMES:
        return named(line.code)
    return named(line.kind) if line.kind in ("BASE", "FEE") else f"{named(line.kind)} {line.code}"


@register.filter
def clock(moment: datetime, zone: str) -> str:
    """What the clocks of a place show at a moment."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M}"


@register.filter
def days_later(departure: Departure) -> int:
    """How many days later than the date of departure it is on arrival, by the clocks there."""
    arrival = departure.arrives_at.astimezone(ZoneInfo(departure.destination_zone))
    return (arrival.date() - departure.departure_date).days


@register.filter
def lasting(departure: Departure) -> str:
    """How long a departure flies: `2 h 45 min`."""
    flown = departure.arrives_at - departure.departs_at
    hours, minutes = divmod(int(flown.total_seconds()) // 60, 60)
    return _("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}


@register.filter
def city(code: str) -> str:
    """The city of an airport."""
    return places.city(code)


@register.filter
def named(code: str) -> str:
    """What a code of the API is called."""
    return str(NAMES.get(code, code.replace("_", " ").capitalize()))


@register.filter
def entry(name: str) -> str:
    """What an entry of a timeline says."""
    return words.entry(name)


def _locale() -> str:
    return LOCALES.get((get_language() or "en").partition("-")[0], LOCALES["en"])
