"""How fare stands, for its operators: nothing waits there but events and messages."""

from typing import Any

import pytest
from django.test import Client

from tests import operations

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbox.status.consumer_lag", lambda name, seconds: None)


def test_without_the_switch_for_trials_only_operators_are_told(settings: Any) -> None:
    settings.TRIAL = False
    operations.assert_only_operators_are_told()


def test_every_link_leads_to_a_page_of_the_admin(admin_client: Client) -> None:
    operations.assert_pages_are_there(admin_client)


def test_events_and_messages_are_what_may_wait() -> None:
    told = [one.name for one in operations.standing().backlogs]
    assert told == ["events to publish", "events held", "messages held"]
