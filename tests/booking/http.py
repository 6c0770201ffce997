"""How these tests talk to booking."""

from typing import Any, Final

from django.test import Client

PROBLEM: Final = "application/problem+json"
REQUEST: Final[dict[str, Any]] = {
    "passenger_id": 1,
    "flight_number": 1001,
    "seat_number": "12A",
}


def post_reservation(client: Client, **changes: Any) -> Any:
    """POST the request of the README, with changes."""
    return post(client, {**REQUEST, **changes})


def post(client: Client, body: Any, content_type: str = "application/json", **extra: Any) -> Any:
    """POST a body: text and bytes as they are, anything else as JSON."""
    return client.post("/api/reservations", body, content_type=content_type, **extra)
