"""The running service answers as its OpenAPI document says, and never with a 5xx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers

from dev.processes import NOTIFICATION
from notification import services
from notification.models import PING, Delivery, Endpoint
from tests.conformance.harness import assert_conforms, database_url, running
from tests.notification import factories


@pytest.fixture
def endpoint(transactional_db: None, tmp_path: Path) -> Endpoint:
    """An endpoint, others with deliveries in every status, and a file with all for the database:
    what is sent again since a time leaves the others' to be sent again one by one, in two ways."""
    for _ in range(2):
        other = factories.endpoint(customer_id="trial", event_types=[PING])
        for status in [*Delivery.Status] * 4:
            made = services.ping(other, now=factories.NOW)
            Delivery.objects.filter(pk=made.pk).update(status=status)
    endpoint = factories.endpoint(customer_id="trial")
    rows: list[Any] = [*Endpoint.objects.all(), *Delivery.objects.all()]
    (tmp_path / "rows.json").write_text(serializers.serialize("json", rows))
    return endpoint


@pytest.fixture
def service(request: pytest.FixtureRequest, endpoint: Endpoint, tmp_path: Path) -> Iterator[str]:
    """The address of a service that has these deliveries."""
    database = database_url(NOTIFICATION, request, tmp_path)
    with running(NOTIFICATION, database, [["loaddata", f"{tmp_path}/rows.json"]]) as address:
        yield address


def test_every_answer_is_as_documented(service: str, endpoint: Endpoint, tmp_path: Path) -> None:
    of_endpoint = [{"path": {"id": str(endpoint.pk)}}]
    others = Endpoint.objects.exclude(pk=endpoint.pk)
    some, more = [Delivery.objects.filter(endpoint=other) for other in others]
    deliveries = [{"path": {"id": str(one.pk)}} for one in some]
    of_others = [{"path": {"id": str(one.endpoint_id), "delivery": str(one.pk)}} for one in more]
    facts: dict[str, Any] = {
        "deliveries_retrieve": deliveries,
        "redeliver": deliveries,
        "redeliver_to_endpoint": of_others,
        "rotate_secret": of_endpoint,
        "ping_endpoint": of_endpoint,
        "redeliver_since": of_endpoint,
        "register_endpoint": [{"body": {"url": "https://partner.example/hook"}}],
    }
    assert_conforms(service, tmp_path, facts, seed=1, examples=10)
