"""What the shop publishes."""

from typing import Annotated, ClassVar

import msgspec


class OrderPlaced(msgspec.Struct, frozen=True):
    """An order was placed."""

    type: ClassVar[str] = "shop.OrderPlaced.v1"
    topic: ClassVar[str] = "shop.events"

    amount: Annotated[int, msgspec.Meta(ge=0)]
    note: str = ""


class OrderShipped(msgspec.Struct, frozen=True):
    """An order was shipped."""

    type: ClassVar[str] = "shop.OrderShipped.v1"
    topic: ClassVar[str] = "shop.events"


EVENTS = {OrderPlaced.type: OrderPlaced, OrderShipped.type: OrderShipped}
