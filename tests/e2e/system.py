"""The running system, as the tests look at it and break it."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from dev.bootstrap import ROOT
from dev.stack import Stack
from tests.e2e.broker import read_topic
from tests.e2e.client import Browser, reserve, wait_for_status

COMMAND_SECONDS = 60
WAIT_SECONDS = 40


class System:
    """A started stack.

    Args:
        stack: the processes.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.gateway = stack.url("gateway")
        self.booking = stack.url("booking")
        self.payment = stack.url("payment")
        self.fare = stack.url("fare")
        self.notification = stack.url("notification")

    # Looking

    def reserve(self, **changes: Any) -> str:
        """Send the README's request; returns the reservation's id."""
        answer = reserve(self.gateway, **changes)
        assert answer.status == 201, answer.text
        assert answer.json["status"] == "PENDING"
        return str(answer.json["id"])

    def offer(self, seat_number: str, *, day: date) -> Any:
        """Fare's cheapest offer of a seat of flight 1001."""
        body = {
            **{"origin": "ARN", "destination": "LHR", "departure_date": day.isoformat()},
            "passengers": [{"passenger_id": 1, "seat_number": seat_number}],
        }
        answer = Browser().post_json(f"{self.gateway}/api/offers", body)
        assert answer.status == 200, answer.text
        return answer.json["results"][0]

    def hold(self, **changes: Any) -> str:
        """Hold a seat without paying; returns the reservation's id."""
        answer = Browser().post_json(
            f"{self.gateway}/api/reservations?hold=true",
            {"passenger_id": 1, "flight_number": 1001, "seat_number": "12A", **changes},
        )
        assert answer.status == 201, answer.text
        return str(answer.json["id"])

    def wait_for(self, reservation_id: str, status: str) -> Any:
        """The reservation, once it has the status."""
        return wait_for_status(self.gateway, reservation_id, status)

    def payment_of(self, reservation_id: str) -> Any:
        """Payment's account of a reservation."""
        return Browser().get(f"{self.payment}/api/payments/{reservation_id}").json

    def history(self, service: str, reservation_id: str) -> list[Any]:
        """What a service has appended to its outbox about a reservation."""
        output = self.manage(service, "outbox_history", reservation_id, "--json")
        history: list[Any] = json.loads(output)
        return history

    def manage(self, service: str, *command: str) -> str:
        """The output of a management command that must succeed."""
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.stack.env(service),
            check=True,
            stdout=subprocess.PIPE,
            timeout=COMMAND_SECONDS,
            text=True,
        ).stdout

    def books(self, reservation_id: str) -> dict[str, int]:
        """The processor's own books of a reservation: how much of each kind it has approved."""
        with closing(sqlite3.connect(self._books)) as connection:
            return dict(
                connection.execute(
                    "SELECT kind, SUM(amount) FROM entry"
                    " WHERE idempotency_key LIKE ? AND declined = '' GROUP BY kind",
                    (f"{reservation_id}:%",),
                )
            )

    @property
    def _books(self) -> str:
        return str(self.stack.env("payment")["PROCESSOR_BOOKS"])

    def published(self, topic: str, reservation_id: str) -> Counter[str]:
        """How often each event of a reservation is on a topic."""
        broker = self.stack.env("booking")["KAFKA_BOOTSTRAP_SERVERS"]
        records = read_topic(broker, topic)
        return Counter(record.type for record in records if record.key == reservation_id)

    def assert_confirmed_once(self, reservation_id: str, *, offered: bool = False) -> None:
        """Wait for CONFIRMED and the tickets; then every effect is there exactly once.

        Args:
            reservation_id: the reservation.
            offered: whether it came with an offer, so that fare was not asked.
        """
        confirmed = self.wait_for(reservation_id, "CONFIRMED")
        self.wait_for_tickets(reservation_id)
        payment = self.payment_of(reservation_id)
        assert [op["status"] for op in payment["operations"]] == ["SUCCEEDED", "SUCCEEDED"]
        assert payment["authorized_amount"] == payment["captured_amount"] == confirmed["amount"]
        assert self.books(reservation_id) == dict.fromkeys(
            ("AUTHORIZE", "CAPTURE"), confirmed["amount"]
        )
        asked = [
            *([] if offered else ["booking.FareQuoteRequested.v1"]),
            "booking.PaymentAuthorizeRequested.v1",
        ]
        asked.insert(1, "booking.PassengerContactGiven.v1")  # after what is asked at once
        assert self.told(reservation_id) == [
            "booking.ReservationCreated.v1",
            *asked,
            "booking.ReservationConfirmed.v1",
            "booking.PaymentCaptureRequested.v1",
            "booking.TicketsIssued.v1",
        ]
        assert _types(self.history("payment", reservation_id)) == [
            "payment.PaymentAuthorized.v1",
            "payment.PaymentCaptured.v1",
        ]

    def wait_for_tickets(self, reservation_id: str) -> None:
        """The card is charged by events, too."""
        self.wait_for_entry(reservation_id, "ticketed")

    def wait_for_entry(self, reservation_id: str, entry: str) -> None:
        """Wait until the timeline ends with such an entry."""
        _wait(lambda: self.timeline(reservation_id)[-1][0], lambda last: last == entry)

    def wait_for_attempts(self, reservation_id: str, attempts: int, *, operation: int = 0) -> None:
        """Wait until the processor was asked so often for one of the payment's operations."""

        def made() -> int:
            operations = self.payment_of(reservation_id).get("operations", [])
            return operations[operation]["attempts"] if operation < len(operations) else 0

        _wait(made, lambda count: count >= attempts)

    def wait_until(self, look: Callable[[], Any], is_there: Callable[[Any], bool]) -> None:
        """Look again and again until it is there."""
        _wait(look, is_there)

    def timeline(self, reservation_id: str) -> list[tuple[str, str]]:
        """What a reservation's timeline says: entries and details, in order."""
        url = f"{self.gateway}/api/reservations/{reservation_id}/timeline"
        entries = Browser().get(url).json["results"]
        return [(entry["entry"], entry["detail"]) for entry in entries]

    def told(self, reservation_id: str) -> list[str]:
        """The types of booking's events of a reservation, in order."""
        return _types(self.history("booking", reservation_id))

    # Breaking

    @contextmanager
    def processor_down(self) -> Iterator[None]:
        """Nobody answers at the card processor for the enclosed block."""
        closed = Path(f"{self._books}.down")
        closed.touch()
        try:
            yield
        finally:
            closed.unlink()

    def let_the_hold_run_out(self, reservation_id: str) -> None:
        """Do what a quarter of an hour does."""
        self.manage(
            "booking",
            "shell",
            "--command",
            "from booking.models import Saga; from django.db.models.functions import Now; "
            f"Saga.objects.filter(live='{reservation_id}').update(deadline_at=Now())",
        )

    def wait_for_the_kill(self, victim: "subprocess.Popen[bytes]") -> None:
        """Wait until a process has killed itself."""
        assert victim.wait(timeout=WAIT_SECONDS) == -signal.SIGKILL

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """A process, database or broker is down for the enclosed block."""
        self.stack.stop_process(name)
        try:
            yield
        finally:
            self.stack.start_process(name)

    def crash_in_place_of(
        self, process: str, service: str, command: str, at: str
    ) -> "subprocess.Popen[bytes]":
        """Stop a process and start one that kills itself when it gets to the function `at`."""
        self.stack.stop_process(process)
        return subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.crash", at, command],
            cwd=ROOT,
            env=self.stack.env(service),
        )

    def freeze(self, name: str, number: signal.Signals) -> None:
        """Send SIGSTOP or SIGCONT to a process and all its children."""
        parent = psutil.Process(self.stack.pid(name))
        for process in (parent, *parent.children(recursive=True)):
            process.send_signal(number)

    def start_worker(self, service: str, command: str) -> "subprocess.Popen[bytes]":
        """Start one more process of a command; returns once it says that it works."""
        log = self.stack.log(f"extra-{command}")
        with log.open("wb") as output:
            worker = subprocess.Popen(
                [sys.executable, "manage.py", command],
                cwd=ROOT,
                env=self.stack.env(service),
                stderr=output,
            )
        deadline = time.monotonic() + COMMAND_SECONDS
        while "started" not in log.read_text():
            assert worker.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        return worker

    def mend(self) -> None:
        """Start whatever a test has left stopped."""
        for name in self.stack.names():
            if not self.stack.is_running(name):
                self.stack.start_process(name)


def _wait(look: Callable[[], Any], is_there: Callable[[Any], bool]) -> None:
    """Look again and again until it is there; fails when it does not come in time."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_there(seen := look()):
        assert time.monotonic() < deadline, f"still {seen} after {WAIT_SECONDS} s"
        time.sleep(0.05)


def _types(history: list[Any]) -> list[str]:
    return [event["type"] for event in history]
