"""Processes killed (-9) at the worst moments: each reservation ends CONFIRMED, paid once."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.system import System

RELAY = "booking-run-outbox-relay"
CONSUMER = "payment-consume-bookings"
OPERATIONS = "payment-run-operations"
DEADLINES = "booking-run-deadlines"


def test_a_relay_killed_between_publish_and_mark_publishes_again(system: System) -> None:
    victim = system.crash_in_place_of(
        RELAY, "booking", "run_outbox_relay", at="outbox.relay:Relay._mark_published"
    )
    reservation_id = system.reserve()
    system.wait_for_the_kill(victim)
    published = system.published("booking.events", reservation_id)
    assert published["booking.FareQuoteRequested.v1"] == 1
    states = {event["state"] for event in system.history("booking", reservation_id)}
    assert states == {"PENDING"}
    system.stack.start_process(RELAY)
    system.assert_confirmed_once(reservation_id)
    published = system.published("booking.events", reservation_id)
    assert published["booking.FareQuoteRequested.v1"] == 2


def test_a_consumer_killed_between_commit_and_offset_applies_nothing_twice(system: System) -> None:
    """At an offer's price payment is asked in the transaction of the POST."""
    offer = system.offer("22C", day=datetime.now(UTC).date() + timedelta(days=12))
    victim = system.crash_in_place_of(
        CONSUMER, "payment", "consume_bookings", at="outbox.consumer:Consumer._commit"
    )
    reservation_id = system.reserve(seat_number="22C", offer_id=offer["offer_id"])
    system.wait_for_the_kill(victim)
    assert len(system.payment_of(reservation_id)["operations"]) == 1
    system.stack.start_process(CONSUMER)
    system.assert_confirmed_once(reservation_id, offered=True)


@pytest.mark.parametrize(
    ("process", "service", "command"),
    [
        ("fare-consume-bookings", "fare", "consume_bookings"),
        ("booking-consume-fares", "booking", "consume_fares"),
    ],
)
def test_a_consumer_killed_on_the_way_of_a_price_delays_it_only(
    system: System, process: str, service: str, command: str
) -> None:
    victim = system.crash_in_place_of(
        process, service, command, at="outbox.consumer:Consumer._commit"
    )
    reservation_id = system.reserve()
    system.wait_for_the_kill(victim)
    system.stack.start_process(process)
    system.assert_confirmed_once(reservation_id)


def test_a_worker_killed_between_the_answer_and_its_record_charges_once(system: System) -> None:
    victim = system.crash_in_place_of(
        OPERATIONS,
        "payment",
        "run_operations",
        at="payment.operations:Operations._record_outcomes",
    )
    reservation_id = system.reserve()
    system.wait_for_the_kill(victim)
    assert set(system.books(reservation_id)) == {"AUTHORIZE"}
    assert system.payment_of(reservation_id)["operations"][0]["status"] == "REQUESTED"
    system.stack.start_process(OPERATIONS)
    system.assert_confirmed_once(reservation_id)


def test_a_worker_killed_while_a_hold_ends_leaves_it_to_the_next_one(system: System) -> None:
    victim = system.crash_in_place_of(
        DEADLINES, "booking", "run_deadlines", at="booking.orchestrator:_follow"
    )
    reservation_id = system.hold()
    system.let_the_hold_run_out(reservation_id)
    system.wait_for_the_kill(victim)
    assert system.told(reservation_id)[-1] == "booking.PassengerContactGiven.v1"
    other = system.start_worker("booking", "run_deadlines")
    system.wait_for(reservation_id, "EXPIRED")
    other.terminate()
    assert other.wait(timeout=10) == 0
    assert system.told(reservation_id).count("booking.ReservationExpired.v1") == 1


@pytest.mark.parametrize(
    "process",
    [
        "booking-run-outbox-relay",
        "booking-consume-payments",
        "booking-consume-fares",
        "booking-run-deadlines",
        "payment-run-outbox-relay",
        "payment-consume-bookings",
        "payment-run-operations",
        "fare-run-outbox-relay",
        "fare-consume-bookings",
        "booking",
        "payment",
        "fare",
        "gateway",
    ],
)
def test_a_killed_process_comes_back_without_a_human_hand(system: System, process: str) -> None:
    before = system.stack.pid(process)
    system.stack.kill(process)
    system.stack.start_process(process)
    assert system.stack.pid(process) != before
    system.assert_confirmed_once(system.reserve(seat_number="15F"))
