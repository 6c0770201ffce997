"""Event type → service call."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils import timezone

from contracts.booking import PaymentAuthorizeRequested
from outbox.batches import Handler
from payment import services


def request_authorization(event: PaymentAuthorizeRequested) -> None:
    """Booking wants a card authorized."""
    services.request_authorization(event, now=timezone.now())


BOOKINGS: Final[Mapping[str, Handler]] = MappingProxyType(
    {PaymentAuthorizeRequested.type: request_authorization}
)
