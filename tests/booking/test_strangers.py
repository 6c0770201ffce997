"""No operation of booking's shows or changes what is another customer's."""

from typing import Any

import pytest

from booking.models import Reservation, Seat, TimelineEntry
from booking.services import Traveler
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.strangers import Asked, assert_shown_nothing, operations, stranger

pytestmark = pytest.mark.django_db

DEPARTURE = "/api/departures/1001/2040-01-11"
ANY = {"If-Match": "*"}


@pytest.fixture
def theirs() -> Reservation:
    """A reservation of another customer's, beside whose seat one is free."""
    factories.departure(factories.flight(), seats=["1A", "1B"])
    traveler = Traveler(1, "1A", given_name="Eva", surname="Bergstrom")
    return factories.reserve(customer_id="somebody-else", travelers=[traveler])


def asked_for(theirs: Reservation) -> dict[str, Asked]:
    """How a stranger asks each operation for it."""
    one = f"/api/reservations/{theirs.pk}"
    locator = theirs.record_locator
    of = "/api/reservations/{id}"
    return {
        "GET /api/departures": Asked(
            "/api/departures?origin=ARN&destination=LHR&date=2040-01-11", 200
        ),
        "GET /api/departures/{flight_number}/{day}": Asked(DEPARTURE, 200),
        "GET /api/departures/{flight_number}/{day}/seats": Asked(f"{DEPARTURE}/seats", 200),
        "GET /api/seat-maps/{flight_number}/{day}": Asked("/api/seat-maps/1001/2040-01-11", 200),
        # Figures alone, and in a trial everybody's.
        "GET /api/ops/booking": Asked("/api/ops/booking", 200),
        "GET /api/reservations": Asked("/api/reservations?passenger_id=1", 200),
        "POST /api/reservations": Asked(
            "/api/reservations",
            409,
            {"passenger_id": 1, "flight_number": 1001, "seat_number": "1A"},
        ),
        "GET /api/reservations/by-locator/{locator}": Asked(
            f"/api/reservations/by-locator/{locator}?surname=Bergstrom", 404
        ),
        f"GET {of}": Asked(one, 404),
        f"PATCH {of}": Asked(one, 404, {"seat_number": "1B"}, ANY),
        f"POST {of}/cancelation": Asked(f"{one}/cancelation", 404, None, ANY),
        f"POST {of}/cancelation-quotes": Asked(f"{one}/cancelation-quotes", 404, {}),
        f"POST {of}/change-quotes": Asked(
            f"{one}/change-quotes", 404, {"departure_date": "2040-01-11"}
        ),
        f"POST {of}/change": Asked(f"{one}/change", 404, {"quote_id": "none"}, ANY),
        f"POST {of}/payment": Asked(f"{one}/payment", 404, {}),
        f"GET {of}/timeline": Asked(f"{one}/timeline", 404),
    }


def everything() -> list[Any]:
    """What a change would leave behind."""
    return [
        list(Reservation.objects.values_list("pk", "status", "version")),
        list(Seat.objects.order_by("pk").values_list("status", "reservation")),
        TimelineEntry.objects.count(),
        OutboxEvent.objects.count(),
    ]


def test_every_operation_is_asked_by_a_stranger(theirs: Reservation) -> None:
    assert set(asked_for(theirs)) == operations("booking")


@pytest.mark.parametrize("operation", sorted(operations("booking")))
def test_a_stranger_is_shown_nothing_and_changes_nothing(
    theirs: Reservation, operation: str
) -> None:
    secrets = {str(theirs.pk), theirs.record_locator, "somebody-else", "Bergstrom"}
    before = everything()
    asked = asked_for(theirs)[operation]
    assert_shown_nothing(operation, asked, stranger("booking"), of=secrets)
    assert everything() == before
