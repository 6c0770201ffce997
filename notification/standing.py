"""How notification stands, for its operators."""

from collections.abc import Iterator
from datetime import datetime

from contracts.operations import Backlog
from notification import selectors
from notification.models import Delivery
from outbox.pages import admin_page


def backlogs(now: datetime) -> Iterator[Backlog]:
    """The messages that are to be sent, by channel, and those that are given up until an operator
    has them sent again."""
    pending = selectors.pending_deliveries()
    status, held = Delivery.Status.PENDING, Delivery.Status.HELD
    for channel in Delivery.Channel:
        count, oldest = pending.get(channel, (0, None))
        yield Backlog(
            name=f"deliveries by {channel.label.lower()}",
            count=count,
            oldest_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else None,
            page=admin_page(Delivery, status__exact=status, channel__exact=channel),
        )
    yield Backlog(
        name="deliveries held",
        count=selectors.held_deliveries(),
        page=admin_page(Delivery, status__exact=held),
        needs_operator=True,
    )
