"""Money and moments, as people of a language write them."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_currency, get_currency_precision

# The languages that mails are written in, each with the region whose habits they follow.
LOCALES: Final = {"en": "en_GB", "sv": "sv_SE"}
DEFAULT_LANGUAGE: Final = "en"
# The same departures and prices are told of again and again, and to write them down was a fifth of
# what a mail took.
REMEMBERED: Final = 2048


def language_for(wanted: str) -> str:
    """The language to write in for somebody who wants this one, such as `sv` or `de-CH`."""
    spoken = wanted.partition("-")[0]
    return spoken if spoken in LOCALES else DEFAULT_LANGUAGE


@lru_cache(REMEMBERED)
def money(amount: int, currency: str, *, language: str) -> str:
    """An amount of minor units, with its currency."""
    value = Decimal(amount).scaleb(-get_currency_precision(currency))
    return format_currency(value, currency, locale=LOCALES[language])


@lru_cache(REMEMBERED)
def local_time(moment: datetime, zone: str, *, language: str) -> str:
    """A moment as the clocks of a place show it, with the day of the week."""
    # A pattern of our own: the long formats leave out the day of the week or add seconds.
    return format_datetime(
        moment, "EEEE d MMMM y HH:mm", tzinfo=ZoneInfo(zone), locale=LOCALES[language]
    )
