"""No operation of notification's is for customers: partners and messages are the staff's."""

import pytest
from uuid_utils.compat import uuid7

from tests.strangers import Asked, assert_shown_nothing, operations, stranger

pytestmark = pytest.mark.django_db

ENDPOINT = f"/api/webhook-endpoints/{uuid7()}"
DELIVERY = f"/api/deliveries/{uuid7()}"
OF = "/api/webhook-endpoints/{id}"

EXPECTED = {
    # Figures alone, and in a trial everybody's.
    "GET /api/ops/notification": Asked("/api/ops/notification", 200),
    "GET /api/webhook-endpoints": Asked("/api/webhook-endpoints", 403),
    "POST /api/webhook-endpoints": Asked(
        "/api/webhook-endpoints", 403, {"url": "https://partner.example/hook"}
    ),
    f"GET {OF}": Asked(ENDPOINT, 403),
    f"DELETE {OF}": Asked(ENDPOINT, 403),
    f"POST {OF}/secret": Asked(f"{ENDPOINT}/secret", 403, {}),
    f"POST {OF}/ping": Asked(f"{ENDPOINT}/ping", 403, {}),
    f"POST {OF}/redeliveries": Asked(
        f"{ENDPOINT}/redeliveries", 403, {"since": "2026-11-24T00:00:00Z"}
    ),
    "GET /api/deliveries": Asked("/api/deliveries", 403),
    "GET /api/deliveries/{id}": Asked(DELIVERY, 403),
    "POST /api/deliveries/{id}/redelivery": Asked(f"{DELIVERY}/redelivery", 403, {}),
}


def test_every_operation_is_asked_by_a_stranger() -> None:
    assert set(EXPECTED) == operations("notification")


@pytest.mark.parametrize("operation", sorted(operations("notification")))
def test_a_stranger_is_shown_nothing(operation: str) -> None:
    asked = EXPECTED[operation]
    assert_shown_nothing(operation, asked, stranger("notification"), of={"secret", "results"})
