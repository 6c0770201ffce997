"""How payment stands, for its operators."""

from collections.abc import Iterator
from datetime import datetime

from contracts.operations import Backlog
from outbox.pages import admin_page
from payment import selectors
from payment.models import Operation


def backlogs(now: datetime) -> Iterator[Backlog]:
    """The operations that have no answer yet."""
    waiting = selectors.waiting_operations()
    for status in Operation.OPEN:
        count, oldest = waiting.get(status, (0, None))
        yield Backlog(
            name=f"operations {status}",
            count=count,
            oldest_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else None,
            page=admin_page(Operation, status__exact=status),
        )
