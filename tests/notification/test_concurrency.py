"""Several runners at once, each on a connection of its own."""

import threading
from collections import Counter
from functools import partial
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid_utils.compat import uuid7

from contracts.booking import TicketsIssued
from notification import selectors
from notification.deliveries import Deliveries
from notification.models import Delivery, Endpoint
from outbox.models import SHARDS
from tests.notification import factories
from tests.notification.working import SENT, Scripted
from tests.threads import PATIENCE_SECONDS, at_once, results

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.mariadb]


def pending(count: int, **facts: str) -> Endpoint:
    """An endpoint with so many deliveries to be sent."""
    endpoint = factories.endpoint(**facts)
    Delivery.objects.bulk_create(
        (
            Delivery.of(
                uuid7(),
                TicketsIssued.type,
                now=factories.NOW,
                channel=Delivery.Channel.WEBHOOK,
                recipient=str(endpoint.pk),
                endpoint=endpoint,
                payload="{}",
            )
            for _ in range(count)
        ),
        batch_size=500,
    )
    return endpoint


def drain(channel: Scripted, all_joined: threading.Barrier) -> None:
    """One runner, until nothing is left."""
    runner = Deliveries({Delivery.Channel.WEBHOOK: channel}, in_flight=32)
    runner.leases.heartbeat()
    all_joined.wait(30)
    while Delivery.objects.filter(status="PENDING").exists():
        runner.run_once()
    runner.close()


@pytest.mark.parametrize(
    "count", [200, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_two_runners_drain_what_is_pending_without_a_duplicate(count: int) -> None:
    pending(count)
    sent: Counter[UUID] = Counter()
    begun = [threading.Event(), threading.Event()]

    def wait_for_the_other(mine: threading.Event, other: threading.Event, _: Delivery) -> None:
        mine.set()
        assert other.wait(PATIENCE_SECONDS), "the other runner never had a share"

    channels = [
        Scripted(SENT, meanwhile=partial(wait_for_the_other, mine, other))
        for mine, other in (begun, begun[::-1])
    ]
    all_joined = threading.Barrier(2)
    results(at_once([partial(drain, channel, all_joined) for channel in channels]))
    for channel in channels:
        sent.update(delivery.pk for delivery in channel.sent)
    assert len(sent) == count
    assert set(sent.values()) == {1}
    assert all(channel.sent for channel in channels)


def test_finding_what_is_due_costs_the_same_however_much_waits() -> None:
    pending(1_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE TABLE notification_delivery")
        cursor.fetchall()
        with CaptureQueriesContext(connection) as seen:
            due = selectors.due_deliveries(
                Delivery.Channel.WEBHOOK,
                shards=range(SHARDS // 2),
                besides=[uuid7()],
                full=[],
                limit=16,
            )
        cursor.execute(f"EXPLAIN {seen[0]['sql']}")
        names = [column[0] for column in cursor.description]
        plan = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert len(due) == 16
    [read] = [row for row in plan if row["key"] == "notification_delivery_due"]
    assert "filesort" not in read["Extra"]
