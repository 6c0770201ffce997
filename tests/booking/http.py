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


def with_key(client: Client, key: str = "k-1", **changes: Any) -> Any:
    """POST the request of the README, with changes, under an Idempotency-Key."""
    return post(client, {**REQUEST, **changes}, headers={"idempotency-key": key})


def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, which is to be of this status and type."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == PROBLEM
    problem: dict[str, Any] = response.json()
    assert (problem["status"], problem["type"]) == (status, f"urn:problem-type:airline:{code}")
    assert problem["detail"]
    assert "errors" in problem or code != "invalid-request"
    return problem
