"""How notification stands, for its operators."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from notification import standing
from notification.models import Delivery
from tests import operations
from tests.notification.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbox.status.consumer_lag", lambda name, seconds: None)


def delivery(status: Delivery.Status, channel: Delivery.Channel = Delivery.Channel.EMAIL) -> None:
    """One of a minute ago."""
    at = NOW - timedelta(minutes=1)
    Delivery.objects.create(
        shard=0, event_id=uuid7(), status=status, channel=channel, created_at=at, next_attempt_at=at
    )


def told() -> dict[str, tuple[int, float | None]]:
    return {one.name: (one.count, one.oldest_seconds) for one in standing.backlogs(NOW)}


def test_without_the_switch_for_trials_only_operators_are_told(settings: Any) -> None:
    settings.TRIAL = False
    operations.assert_only_operators_are_told()


def test_every_link_leads_to_a_page_of_the_admin(admin_client: Client) -> None:
    operations.assert_pages_are_there(admin_client)


def test_what_is_to_be_sent_is_counted_by_channel_with_the_age_of_the_oldest() -> None:
    delivery(Delivery.Status.PENDING)
    delivery(Delivery.Status.SENT)
    assert told()["deliveries by email"] == (1, 60)
    assert told()["deliveries by webhook"] == (0, None)


def test_what_is_held_needs_an_operator() -> None:
    delivery(Delivery.Status.HELD)
    assert operations.backlog("deliveries held").count == 1
    assert operations.backlog("deliveries held").needs_operator
