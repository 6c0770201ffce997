"""The baseline's topics."""

from typing import Final

BOOKINGS: Final = "baseline.bookings"
PAYMENTS: Final = "baseline.payments"
