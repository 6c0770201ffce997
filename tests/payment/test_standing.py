"""How payment stands, for its operators."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from payment import standing
from payment.models import Operation
from tests import operations
from tests.payment import factories
from tests.payment.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outbox.status.consumer_lag", lambda name, seconds: None)


def waiting() -> dict[str, tuple[int, float | None]]:
    told = standing.backlogs(NOW + timedelta(minutes=1))
    return {one.name: (one.count, one.oldest_seconds) for one in told}


def test_without_the_switch_for_trials_only_operators_are_told(settings: Any) -> None:
    settings.TRIAL = False
    operations.assert_only_operators_are_told()


def test_every_link_leads_to_a_page_of_the_admin(admin_client: Client) -> None:
    operations.assert_pages_are_there(admin_client)


def test_where_nothing_waits_there_is_nothing_old() -> None:
    factories.captured()
    assert waiting() == {"operations REQUESTED": (0, None), "operations UNKNOWN": (0, None)}


def test_operations_without_an_answer_are_counted_by_status_with_the_age_of_the_oldest() -> None:
    factories.operation()
    unknown = factories.operation()
    Operation.objects.filter(pk=unknown.pk).update(status=Operation.Status.UNKNOWN)
    assert waiting() == {"operations REQUESTED": (1, 60), "operations UNKNOWN": (1, 60)}
