"""Removing published events."""

from datetime import UTC, datetime, timedelta

import pytest

from outbox.models import OutboxEvent
from outbox.purge import purge

pytestmark = pytest.mark.django_db

LIMIT = datetime(2040, 1, 1, tzinfo=UTC)
OLD, YOUNG = LIMIT - timedelta(seconds=1), LIMIT


def published(*times: datetime) -> list[OutboxEvent]:
    """An event for each time of publication."""
    return OutboxEvent.objects.bulk_create(
        OutboxEvent(
            shard=0,
            state=OutboxEvent.State.PUBLISHED,
            topic="shop.events",
            type="shop.OrderShipped.v1",
            key="an order",
            sequence=sequence,
            payload="{}",
            created_at=OLD,
            published_at=at,
        )
        for sequence, at in enumerate(times, 1)
    )


def test_it_locks_a_thousand_rows_at_a_time() -> None:
    published(*[OLD] * 1001)
    assert list(purge(before=LIMIT)) == [1000, 1]


def test_an_event_that_was_published_late_does_not_keep_later_ones() -> None:
    late, _ = published(YOUNG, OLD)
    assert list(purge(before=LIMIT)) == [1]
    assert list(OutboxEvent.objects.all()) == [late]


def test_history_that_stays_is_not_read_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbox.purge.CHUNK", 2)
    published(YOUNG, YOUNG, OLD)
    assert list(purge(before=LIMIT)) == []
