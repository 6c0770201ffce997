"""No operation of notification's shows what is another customer's, nor has any effect on it."""

from typing import Any

import pytest
from django.test import Client
from uuid_utils.compat import uuid7

from contracts.callers import OPS, READ, WRITE
from notification import services
from notification.models import Delivery, Endpoint
from tests.notification import factories
from tests.notification.factories import NOW
from tests.strangers import Asked, assert_shown_nothing, operations, stranger

pytestmark = pytest.mark.django_db

OF = "/api/webhooks/{id}"
AGAIN = "/deliveries/{delivery}/redelivery"
HOOK = {"url": "https://partner.example/hook"}

# With which path, status and body, if it has one; `{}` stands for the endpoint, then the delivery.
EXPECTED: dict[str, tuple[str, int, dict[str, Any] | None]] = {
    # Figures alone, and in a trial everybody's.
    "GET /api/ops/notification": ("/api/ops/notification", 200, None),
    "GET /api/webhooks": ("/api/webhooks", 200, None),
    "POST /api/webhooks": ("/api/webhooks", 201, HOOK),
    f"GET {OF}": ("/api/webhooks/{0}", 404, None),
    f"DELETE {OF}": ("/api/webhooks/{0}", 404, None),
    f"POST {OF}/secret": ("/api/webhooks/{0}/secret", 404, {}),
    f"POST {OF}/ping": ("/api/webhooks/{0}/ping", 404, {}),
    f"POST {OF}/redeliveries": (
        "/api/webhooks/{0}/redeliveries",
        404,
        {"since": "2026-11-24T00:00:00Z"},
    ),
    f"GET {OF}/deliveries": ("/api/webhooks/{0}/deliveries", 404, None),
    f"POST {OF}{AGAIN}": ("/api/webhooks/{0}/deliveries/{1}/redelivery", 404, {}),
    # What passengers were sent is the staff's to see.
    "GET /api/deliveries": ("/api/deliveries", 403, None),
    "GET /api/deliveries/{id}": ("/api/deliveries/{1}", 403, None),
    "POST /api/deliveries/{id}/redelivery": ("/api/deliveries/{1}/redelivery", 403, {}),
}


def seen(client: Client) -> set[str]:
    return {one["id"] for one in client.get("/api/webhooks").json()["results"]}


def test_every_operation_is_asked_by_a_stranger() -> None:
    assert set(EXPECTED) == operations("notification")


@pytest.mark.parametrize("operation", sorted(operations("notification")))
@pytest.mark.parametrize("owner", ["trial", ""])
def test_a_stranger_is_shown_nothing_and_changes_nothing(operation: str, owner: str) -> None:
    theirs = factories.endpoint(customer_id=owner)
    sent = factories.webhook(theirs)
    Delivery.objects.update(status="SENT")
    path, status, body = EXPECTED[operation]
    asked = Asked(path.format(theirs.pk, sent.pk), status, body)
    hidden = {str(theirs.pk), str(sent.pk), theirs.secret, theirs.url}
    assert_shown_nothing(operation, asked, stranger("notification"), of=hidden)
    assert Endpoint.objects.get(pk=theirs.pk).secret == theirs.secret
    assert [one.status for one in Delivery.objects.all()] == ["SENT"]


def test_a_customer_has_their_own_endpoints_and_the_staff_everybodys(admin_client: Client) -> None:
    eva = stranger("notification", "eva")
    made = eva.post("/api/webhooks", HOOK, content_type="application/json").json()
    assert made["customer_id"] == "eva"
    airlines = factories.endpoint()
    assert seen(eva) == {made["id"]}
    assert seen(admin_client) == {made["id"], str(airlines.pk)}
    operator = stranger("notification", "olle", scopes=(READ, WRITE, OPS))
    assert seen(operator) == seen(admin_client)


def test_what_the_staff_registers_is_the_airlines(admin_client: Client) -> None:
    admin_client.post("/api/webhooks", HOOK, content_type="application/json")
    assert Endpoint.objects.get().customer_id == ""


def test_an_endpoint_gets_what_is_about_its_customers_reservations_alone() -> None:
    mine, airlines = factories.endpoint(customer_id="eva"), factories.endpoint()
    factories.endpoint(customer_id="bo")
    about = factories.event(reservation=factories.summary(customer_id="eva"))
    services.record_event(about, event_id=uuid7(), now=NOW)
    told = Delivery.objects.filter(channel="WEBHOOK").values_list("endpoint", flat=True)
    assert set(told) == {mine.pk, airlines.pk}
