"""What the shop does with its own events."""

from tests.outbox.shop.events import OrderPlaced, OrderShipped
from tests.outbox.shop.models import Effect


def placed(event: OrderPlaced) -> None:
    """Write one effect."""
    Effect.objects.create(text=f"placed {event.amount}")


def shipped(event: OrderShipped) -> None:
    """Write one effect."""
    Effect.objects.create(text="shipped")


EFFECTS = {OrderPlaced.type: placed, OrderShipped.type: shipped}
