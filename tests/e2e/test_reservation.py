"""The main job, over HTTP, from PENDING to its end."""

from tests.e2e.client import Browser
from tests.e2e.system import System


def test_a_reservation_is_pending_at_first_and_confirmed_by_events(system: System) -> None:
    reservation_id = system.reserve()
    system.assert_confirmed_once(reservation_id)


def test_the_same_request_again_takes_the_next_departure(system: System) -> None:
    first = system.wait_for(system.reserve(), "CONFIRMED")
    second = system.wait_for(system.reserve(), "CONFIRMED")
    assert first["departure_date"] < second["departure_date"]
    assert first["record_locator"] != second["record_locator"]


def test_a_declined_card_frees_the_seat_for_the_next_customer(system: System) -> None:
    declined = system.reserve(seat_number="20C", payment_token="tok_decline")
    rejected = system.wait_for(declined, "REJECTED")
    again = system.wait_for(system.reserve(seat_number="20C"), "CONFIRMED")
    assert again["departure_date"] == rejected["departure_date"]
    assert system.payment_of(declined)["authorized_amount"] == 0


def test_the_timeline_tells_what_happened(system: System) -> None:
    reservation_id = system.reserve()
    system.wait_for(reservation_id, "CONFIRMED")
    timeline = Browser().get(f"{system.gateway}/api/reservations/{reservation_id}/timeline").json
    assert [entry["entry"] for entry in timeline["results"]] == ["created", "confirmed"]


def test_problems_of_booking_reach_the_client_unchanged(system: System) -> None:
    answer = Browser().post_json(f"{system.gateway}/api/reservations", {"passenger_id": -1})
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {error["field"] for error in answer.json["errors"]} == {
        "passenger_id",
        "flight_number",
        "seat_number",
    }
