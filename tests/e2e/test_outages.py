"""A broker, a database or a service that is away."""

import signal
import time

import pytest

from tests.e2e.client import Browser, reserve
from tests.e2e.system import System

PROBLEM = "application/problem+json"


def test_reservations_are_accepted_without_a_broker_and_confirm_when_it_is_back(
    system: System,
) -> None:
    with system.stopped("kafka"):
        reservation_id = system.reserve()
        time.sleep(2)
        answer = Browser().get(f"{system.gateway}/api/reservations/{reservation_id}")
        assert answer.json["status"] == "PENDING"
    system.assert_confirmed_once(reservation_id)


def test_a_broker_that_is_killed_delays_reservations_and_loses_none(system: System) -> None:
    reservations = [system.reserve(seat_number="16A") for _ in range(2)]
    system.stack.kill("kafka")
    reservations += [system.reserve(seat_number="16B") for _ in range(2)]
    system.stack.start_process("kafka")
    for reservation_id in reservations:
        system.assert_confirmed_once(reservation_id)


def test_without_its_database_booking_answers_503_and_recovers_by_itself(system: System) -> None:
    with system.stopped("mariadb"):
        answer = reserve(system.gateway)
        assert answer.status == 503
        assert answer.headers["Content-Type"] == PROBLEM
        assert int(answer.headers["Retry-After"]) > 0
    system.assert_confirmed_once(system.reserve())


def test_a_database_that_is_killed_loses_nothing_that_was_answered(system: System) -> None:
    reservations = [system.reserve(seat_number="17A") for _ in range(2)]
    system.stack.kill("mariadb")
    system.stack.start_process("mariadb")
    for reservation_id in reservations:
        system.assert_confirmed_once(reservation_id)


def test_the_gateway_says_502_when_booking_refuses_connections(system: System) -> None:
    with system.stopped("booking"):
        answer = reserve(system.gateway)
        assert answer.status == 502
        assert answer.headers["Content-Type"] == PROBLEM
    system.assert_confirmed_once(system.reserve())


def test_the_gateway_says_504_when_booking_does_not_answer(system: System) -> None:
    system.freeze("booking", signal.SIGSTOP)
    try:
        started = time.monotonic()
        answer = Browser().get(f"{system.gateway}/api/reservations")
        assert answer.status == 504
        assert answer.headers["Content-Type"] == PROBLEM
        assert time.monotonic() - started < 15
    finally:
        system.freeze("booking", signal.SIGCONT)
    assert Browser().get(f"{system.gateway}/api/reservations").status == 200


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("booking", "run_outbox_relay"),
        ("booking", "consume_payments"),
        ("booking", "consume_fares"),
        ("booking", "run_deadlines"),
        ("payment", "consume_bookings"),
        ("payment", "run_operations"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_ends_with_status_0(
    system: System, service: str, command: str, number: signal.Signals
) -> None:
    worker = system.start_worker(service, command)
    worker.send_signal(number)
    assert worker.wait(timeout=10) == 0


@pytest.mark.parametrize("command", ["consume_payments", "run_outbox_relay"])
def test_a_worker_stops_with_status_0_while_the_broker_is_away(
    system: System, command: str
) -> None:
    with system.stopped("kafka"):
        worker = system.start_worker("booking", command)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=10) == 0
