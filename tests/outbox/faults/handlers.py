"""Handlers whose effects can be told apart: each says which event it was for."""

from tests.outbox.shop.events import OrderPlaced
from tests.outbox.shop.models import Effect


def placed(event: OrderPlaced) -> None:
    """Write one effect; the writers put the event's key and sequence into its note."""
    Effect.objects.create(text=event.note)


EFFECTS = {OrderPlaced.type: placed}
