"""What tests of the library are made of."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from outbox.batches import Handler
from outbox.events import append, history
from outbox.held import Incoming
from outbox.inbox import Inbox
from outbox.leases import Leases
from outbox.models import Lease, OutboxEvent, Worker
from outbox.relay import Relay
from outbox.rows import Row
from outbox.testing import InMemoryBroker
from outbox.transactions import unit_of_work
from tests.outbox.shop.events import OrderPlaced, OrderShipped
from tests.outbox.shop.handlers import placed as placed_effect
from tests.outbox.shop.handlers import shipped as shipped_effect
from tests.outbox.shop.models import Effect, Order


def an_order() -> Order:
    """A saved order without events."""
    return Order.objects.create()


@unit_of_work
def appended(order: Order, *events: Any) -> list[OutboxEvent]:
    """Append and commit; without events, one OrderPlaced. Returns the rows as they are stored."""
    made = append(order, *(events or [OrderPlaced(amount=1)]))
    return list(
        OutboxEvent.objects.filter(event_id__in=[row.event_id for row in made]).order_by("id")
    )


def placed(count: int, order: Order | None = None) -> list[OutboxEvent]:
    """`count` events of one order, committed one after the other, amounts 1, 2, 3, …"""
    order = order or an_order()
    return [appended(order, OrderPlaced(amount=number))[0] for number in range(1, count + 1)]


def messages_of(order: Order) -> list[Incoming]:
    """Everything an order has appended, as a consumer would receive it."""
    broker = InMemoryBroker()
    broker.publish([Row.of(event) for event in history(str(order.pk))], 1)
    return [message for messages in broker.topics.values() for message in messages]


def an_inbox(name: str = "effects", **changes: Handler) -> Inbox:
    """An inbox that writes one `Effect` for every event it applies.

    Args:
        name: the consumer's name.
        changes: handlers to use instead, as `placed` or `shipped`.
    """
    handlers: dict[str, Handler] = {"placed": placed_effect, "shipped": shipped_effect, **changes}
    types = {"placed": OrderPlaced.type, "shipped": OrderShipped.type}
    return Inbox(name, {types[what]: handler for what, handler in handlers.items()})


def effects() -> list[str]:
    """What handlers have done, in order."""
    return list(Effect.objects.order_by("id").values_list("text", flat=True))


def a_relay(broker: InMemoryBroker | None = None) -> tuple[Relay, InMemoryBroker]:
    """A relay that publishes to an in-memory broker."""
    broker = broker or InMemoryBroker()
    return Relay(broker), broker


def has_died(leases: Leases) -> None:
    """As if the worker had stopped sending heartbeats a while ago."""
    past = Now() - timedelta(seconds=1)
    Lease.objects.filter(owner=leases.owner).update(expires_at=past)
    Worker.objects.filter(name=leases.owner).update(expires_at=past)


def states(rows: Sequence[OutboxEvent]) -> list[str]:
    """The rows' states now."""
    ids = [row.pk for row in rows]
    return list(
        OutboxEvent.objects.filter(pk__in=ids).order_by("id").values_list("state", flat=True)
    )
