"""Every way a card can go, over HTTP, each to its right end.

The reservation, its seat, payment's account and the card processor's own books are looked at.
"""

from collections.abc import Iterator

import pytest

from tests.e2e.client import Browser
from tests.e2e.system import System

OPERATIONS = "payment-run-operations"


@pytest.fixture(autouse=True)
def books_agree(system: System) -> Iterator[None]:
    """Payments, the processor's books and what is owed agree afterwards."""
    yield
    system.manage("payment", "reconcile_payments", "--rest", "0")


def cancel(system: System, reservation_id: str) -> int:
    """Cancel it, as it is quoted where it is confirmed; how much is to go back."""
    one = f"{system.gateway}/api/reservations/{reservation_id}"
    quoted = Browser().post_json(f"{one}/cancelation-quotes", {})
    agreed = {"quote_id": quoted.json["quote_id"]} if quoted.status == 200 else {}
    answer = Browser().post_json(f"{one}/cancelation", agreed, if_match="*")
    assert (answer.status, answer.json["status"]) == (200, "CANCELED"), answer.text
    return int(quoted.json["refunded"]) if agreed else 0


def assert_seat_is_free(system: System, reservation_id: str) -> None:
    """Somebody else gets the same seat on the same departure."""
    kept = Browser().get(f"{system.gateway}/api/reservations/{reservation_id}").json
    another = system.hold(
        passenger_id=2, departure_date=kept["departure_date"], seat_number=kept["seat_number"]
    )
    cancel(system, another)


@pytest.mark.parametrize("token", ["tok_approve", "tok_timeout_approve", "tok_late_approve"])
def test_an_approved_card_is_charged_once(system: System, token: str) -> None:
    reservation_id = system.reserve(payment_token=token)
    system.assert_confirmed_once(reservation_id)
    amount = system.wait_for(reservation_id, "CONFIRMED")["amount"]
    assert system.books(reservation_id) == {"AUTHORIZE": amount, "CAPTURE": amount}


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("tok_decline", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_expired_card", "expired_card"),
        ("tok_timeout_decline", "card_declined"),
        ("tok_3ds_timeout", "authentication_timeout"),
    ],
)
def test_a_declined_card_rejects_the_reservation_and_says_why(
    system: System, token: str, reason: str
) -> None:
    reservation_id = system.reserve(payment_token=token)
    system.wait_for(reservation_id, "REJECTED")
    assert system.timeline(reservation_id)[-1] == ("rejected", f"card declined: {reason}")
    assert system.books(reservation_id) == {}
    assert_seat_is_free(system, reservation_id)


def test_who_cancels_while_the_card_is_authorized_pays_nothing(system: System) -> None:
    reservation_id = system.reserve(payment_token="tok_late_approve")
    system.wait_for_entry(reservation_id, "quoted")
    cancel(system, reservation_id)
    system.wait_for_entry(reservation_id, "voided")
    assert_given_back(system, reservation_id)
    assert_seat_is_free(system, reservation_id)


def test_who_cancels_what_is_confirmed_gets_the_money_back(system: System) -> None:
    reservation_id = system.reserve()
    system.wait_for_tickets(reservation_id)
    refunded = cancel(system, reservation_id)
    system.wait_for_entry(reservation_id, "refunded")
    amount = system.payment_of(reservation_id)["captured_amount"]
    assert system.books(reservation_id) == {
        "AUTHORIZE": amount,
        "CAPTURE": amount,
        "REFUND": refunded,
    }
    assert_seat_is_free(system, reservation_id)


def test_a_hold_that_nobody_pays_expires(system: System) -> None:
    reservation_id = system.hold()
    system.let_the_hold_run_out(reservation_id)
    system.wait_for(reservation_id, "EXPIRED")
    assert system.books(reservation_id) == {}
    assert_seat_is_free(system, reservation_id)


def test_an_approval_that_comes_after_the_hold_is_taken_back(system: System) -> None:
    reservation_id = system.reserve(payment_token="tok_late_approve")
    system.wait_for_entry(reservation_id, "quoted")
    system.let_the_hold_run_out(reservation_id)
    system.wait_for(reservation_id, "EXPIRED")
    assert_seat_is_free(system, reservation_id)
    system.wait_for_entry(reservation_id, "voided")
    assert_given_back(system, reservation_id)


def assert_given_back(system: System, reservation_id: str) -> None:
    """What was authorized is voided, and nothing was charged."""
    payment, books = system.payment_of(reservation_id), system.books(reservation_id)
    assert payment["captured_amount"] == 0
    assert payment["voided_amount"] == payment["authorized_amount"] == books["AUTHORIZE"] > 0
    assert books == {"AUTHORIZE": books["AUTHORIZE"], "VOID": books["AUTHORIZE"]}


def test_a_processor_that_is_down_for_a_while_delays_only(system: System) -> None:
    paid = system.reserve()
    system.wait_for_tickets(paid)
    with system.processor_down():
        waiting = system.reserve()
        cancel(system, paid)
        system.wait_for_attempts(waiting, 2)
        kept = Browser().get(f"{system.gateway}/api/reservations/{waiting}").json
        assert kept["status"] == "PENDING"
        assert "REFUND" not in system.books(paid)
    system.assert_confirmed_once(waiting)
    system.wait_for_entry(paid, "refunded")


def test_an_outage_between_approval_and_charge_cancels_nobody(system: System) -> None:
    """The worker is stopped when the card is authorized; the processor is away when it returns."""
    with system.stopped("booking-consume-payments"):
        reservation_id = system.reserve()
        system.wait_for_attempts(reservation_id, 1)
    with system.processor_down():
        system.wait_for(reservation_id, "CONFIRMED")
        system.wait_for_attempts(reservation_id, 1, operation=1)
        system.wait_for(reservation_id, "CONFIRMED")
    system.assert_confirmed_once(reservation_id)


def test_a_worker_killed_in_the_middle_of_a_call_charges_once(system: System) -> None:
    victim = system.crash_in_place_of(
        OPERATIONS, "payment", "run_operations", at="payment.processors.simulator:Simulator._answer"
    )
    reservation_id = system.reserve()
    system.wait_for_the_kill(victim)
    assert system.books(reservation_id) == {}
    system.stack.start_process(OPERATIONS)
    system.assert_confirmed_once(reservation_id)
