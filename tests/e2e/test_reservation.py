"""The main job, over HTTP, from PENDING to its end."""

import time

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
    assert [entry["entry"] for entry in timeline["results"]][:3] == [
        "created",
        "quoted",
        "confirmed",
    ]


def test_problems_of_booking_reach_the_client_unchanged(system: System) -> None:
    answer = Browser().post_json(f"{system.gateway}/api/reservations", {"passenger_id": -1})
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {error["field"] for error in answer.json["errors"]} == {
        "passenger_id",
        "flight_number",
        "seat_number",
    }


def test_a_request_that_is_sent_twice_under_its_key_books_once(system: System) -> None:
    url, body = f"{system.gateway}/api/reservations", {"passenger_id": 5, "flight_number": 1003}
    answers = [
        Browser().post_json(url, {**body, "seat_number": "7A"}, idempotency_key="e2e-1")
        for _ in range(2)
    ]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].text == answers[1].text
    assert answers[0].headers["ETag"] == answers[1].headers["ETag"] == '"1"'


def test_a_confirmed_reservation_is_canceled(system: System) -> None:
    reservation_id = system.reserve(flight_number=1004, seat_number="8A")
    system.wait_for_tickets(reservation_id)
    version = system.wait_for(reservation_id, "CONFIRMED")["version"]
    url = f"{system.gateway}/api/reservations/{reservation_id}/cancelation"
    assert Browser().post_json(url, {}).status == 428
    assert Browser().post_json(url, {}, if_match='"1"').status == 412
    assert Browser().post_json(url, {}, if_match=f'"{version}"').status == 409  # not quoted yet
    agreed = {"quote_id": Browser().post_json(f"{url}-quotes", {}).json["quote_id"]}
    answer = Browser().post_json(url, agreed, if_match=f'"{version}"')
    assert (answer.status, answer.json["status"]) == (200, "CANCELED")
    types = [event["type"] for event in system.history("booking", reservation_id)]
    assert types[-3:] == [
        "booking.TicketsIssued.v1",
        "booking.ReservationCanceled.v1",
        "booking.PaymentRefundRequested.v1",
    ]


def test_an_authorization_that_comes_after_the_cancelation_is_noted(system: System) -> None:
    with system.stopped("payment-run-operations"):
        reservation_id = system.reserve(flight_number=1004, seat_number="9A")
        url = f"{system.gateway}/api/reservations/{reservation_id}"
        system.wait_for_entry(reservation_id, "quoted")
        Browser().post_json(f"{url}/cancelation", {}, if_match="*")
    deadline, told = time.monotonic() + 40, [""]
    while "late answer" not in told and time.monotonic() < deadline:
        timeline = Browser().get(f"{url}/timeline").json["results"]
        told = [entry["entry"] for entry in timeline]
        time.sleep(0.05)
    assert told[:3] == ["created", "quoted", "canceled"]
    assert "late answer" in told
    assert system.wait_for(reservation_id, "CANCELED")["version"] == 3
