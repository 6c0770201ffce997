"""What fare and payment answer."""

from datetime import datetime

from booking import orchestrator, selectors
from contracts.fare import FareEvent
from contracts.payment import PaymentEvent
from outbox.transactions import unit_of_work


@unit_of_work
def signal_saga(event: FareEvent | PaymentEvent, *, now: datetime) -> None:
    """Let the saga that asked react to the answer.

    Raises:
        Saga.DoesNotExist: the reservation has no such saga.
        UnexpectedEvent: see `orchestrator.react`.
    """
    orchestrator.advance(selectors.saga_that_asked(event), event, now=now)
