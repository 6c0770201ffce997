"""Removing published events that have been readable long enough."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from outbox.models import OutboxEvent

CHUNK: Final = 1000


def purge(*, before: datetime) -> Iterator[int]:
    """Delete events published before a time, in chunks that lock the table only shortly.

    It looks at the oldest published events and stops where none of them is old enough: what it
    costs does not grow with the history that stays.

    Yields:
        How many events each chunk has deleted.
    """
    while deleted := purge_chunk(before=before):
        yield deleted


def purge_chunk(*, before: datetime) -> int:
    """Delete the events published before a time among the oldest `CHUNK`; returns how many."""
    published = OutboxEvent.objects.filter(state=OutboxEvent.State.PUBLISHED)
    oldest = published.order_by("id").values_list("id", "published_at")[:CHUNK]
    ids = [id for id, published_at in oldest if published_at is not None and published_at < before]
    deleted, _ = OutboxEvent.objects.filter(id__in=ids).delete()
    return deleted
