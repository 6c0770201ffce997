"""What airports are called: codes are enough for the API, and names for people."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# Those of the demonstration's routes. Another one goes by its code, everywhere.
CITIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AMS": "Amsterdam",
        "ARN": "Stockholm",
        "BCN": "Barcelona",
        "CDG": "Paris",
        "CPH": "Copenhagen",
        "FRA": "Frankfurt",
        "HEL": "Helsinki",
        "JFK": "New York",
        "LHR": "London",
        "LLA": "Luleå",
        "OSL": "Oslo",
    }
)


def city(code: str) -> str:
    """The city of an airport; its code, where it is not known."""
    return CITIES.get(code, code)


def named() -> list[str]:
    """What can be typed where an airport is asked for, by the alphabet."""
    return sorted(f"{name} ({code})" for code, name in CITIES.items())


def code_of(text: str) -> str | None:
    """The airport that somebody means by `arn`, `Stockholm` or `Stockholm (ARN)`."""
    typed = text.strip().casefold()
    for code, name in CITIES.items():
        if typed in (code.casefold(), name.casefold(), f"{name} ({code})".casefold()):
            return code
    is_code = len(typed) == 3 and typed.isascii() and typed.isalpha()
    return typed.upper() if is_code else None
