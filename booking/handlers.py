"""Event type → service call."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils import timezone

from booking import selectors, services
from contracts import fare, payment
from contracts.fare import FareEvent
from contracts.payment import PaymentEvent
from outbox.batches import Handler, looks_at


@looks_at(selectors.looks_of_an_answer)
def signal_saga(event: FareEvent | PaymentEvent) -> None:
    """An answer that the reservation's saga waits for."""
    services.signal_saga(event, now=timezone.now())


FARES: Final[Mapping[str, Handler]] = MappingProxyType(
    {event.type: signal_saga for event in (fare.FareQuoted, fare.FareRefused)}
)
PAYMENTS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        event.type: signal_saga
        for event in (
            payment.PaymentAuthorized,
            payment.PaymentDeclined,
            payment.PaymentCaptured,
            payment.PaymentCaptureFailed,
            payment.PaymentVoided,
            payment.PaymentVoidFailed,
            payment.PaymentRefunded,
            payment.PaymentRefundFailed,
        )
    }
)
