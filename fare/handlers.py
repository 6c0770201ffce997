"""Event type → service call."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils import timezone

from contracts.booking import FareQuoteRequested
from fare import services
from outbox.batches import Handler


def answer_quote_request(event: FareQuoteRequested) -> None:
    """Booking asks what a reservation costs."""
    services.answer_quote_request(event, now=timezone.now())


BOOKINGS: Final[Mapping[str, Handler]] = MappingProxyType(
    {FareQuoteRequested.type: answer_quote_request}
)
