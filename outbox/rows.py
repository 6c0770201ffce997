"""Outbox rows as the relay carries them: plain tuples, since it handles thousands a second."""

from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from outbox.models import OutboxEvent


class Row(NamedTuple):
    """The columns of `OutboxEvent` that publishing needs, under the same names."""

    id: int
    event_id: UUID
    shard: int
    topic: str
    type: str
    key: str
    sequence: int
    payload: str
    traceparent: str
    created_at: datetime

    @classmethod
    def of(cls, event: OutboxEvent) -> Self:
        """The row of a model instance."""
        return cls._make(getattr(event, name) for name in cls._fields)
