"""Amounts, for people to read."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# Currencies whose minor unit is not a hundredth (ISO 4217): how many digits it has.
MINOR_DIGITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
        **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    }
)


def money(amount: int, currency: str) -> str:
    """An amount in minor units, for people to read: `98.50 EUR`."""
    digits = MINOR_DIGITS.get(currency, 2)
    whole, part = divmod(amount, 10**digits)
    return f"{whole}.{part:0{digits}} {currency}" if digits else f"{whole} {currency}"
