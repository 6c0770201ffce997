"""`manage.py outbox_purge`."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.utils import timezone

from outbox.models import OutboxEvent
from tests.engine import rows_of_the_engine
from tests.outbox.factories import placed
from tests.outbox.management.output import output_of

pytestmark = pytest.mark.django_db


def published(*days_ago: float) -> list[OutboxEvent]:
    """An event for each age, published so long ago."""
    rows = placed(len(days_ago))
    for row, days in zip(rows, days_ago, strict=True):
        row.state = OutboxEvent.State.PUBLISHED
        row.published_at = timezone.now() - timedelta(days=days)
    OutboxEvent.objects.bulk_update(rows, ["state", "published_at"])
    return rows


def left() -> list[OutboxEvent]:
    return list(OutboxEvent.objects.order_by("id"))


def test_published_events_stay_for_seven_days() -> None:
    _, _, young = published(8, 7.01, 6.99)
    assert output_of("outbox_purge") == "2 events deleted that were published over 7 days ago\n"
    assert left() == [young]


def test_they_can_be_deleted_sooner() -> None:
    _, young = published(2.01, 1.99)
    output_of("outbox_purge", "--days", "2")
    assert left() == [young]


@pytest.mark.parametrize("state", ["PENDING", "HELD"])
def test_what_is_not_published_is_never_deleted(state: str) -> None:
    rows = published(1000, 1000)
    OutboxEvent.objects.update(state=state)
    assert output_of("outbox_purge", "--days", "0").startswith("0 events deleted")
    assert left() == rows


def test_nothing_but_published_events_is_deleted() -> None:
    rows_of_the_engine(timezone.now() - timedelta(days=1000))
    published(1000)
    output_of("outbox_purge", "--days", "0")
    models = apps.get_app_config("outbox").get_models()
    assert {model for model in models if not model._default_manager.exists()} == {OutboxEvent}


@pytest.mark.parametrize("days", ["-1", "36501", "99999999999"])
def test_days_that_are_out_of_range_are_refused(days: str) -> None:
    with pytest.raises(CommandError, match="--days must be from 0 to 36500"):
        output_of("outbox_purge", "--days", days)


def test_a_long_run_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbox.purge.CHUNK", 1)
    monkeypatch.setattr("outbox.management.commands.outbox_purge.CHUNKS_PER_LINE", 2)
    published(8, 8, 8)
    first, last = output_of("outbox_purge").splitlines()
    assert first == "2 events deleted so far"
    assert last.startswith("3 events deleted")
