"""The running system, as the tests look at it and break it."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psutil

from dev.bootstrap import ROOT
from dev.stack import Stack
from tests.e2e.broker import read_topic
from tests.e2e.client import Browser, reserve, wait_for_status

COMMAND_SECONDS = 60


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

    # Looking

    def reserve(self, **changes: Any) -> str:
        """Send the README's request; returns the reservation's id."""
        answer = reserve(self.gateway, **changes)
        assert answer.status == 201, answer.text
        assert answer.json["status"] == "PENDING"
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

    def charges(self, reservation_id: str) -> int:
        """How often the processor's own books show an authorization of this reservation."""
        books = self.stack.env("payment")["PROCESSOR_BOOKS"]
        with closing(sqlite3.connect(books)) as connection:
            (count,) = connection.execute(
                "SELECT COUNT(*) FROM entry WHERE kind = 'AUTHORIZE' AND idempotency_key LIKE ?",
                (f"{reservation_id}:%",),
            ).fetchone()
        return int(count)

    def published(self, topic: str, reservation_id: str) -> Counter[str]:
        """How often each event of a reservation is on a topic."""
        broker = self.stack.env("booking")["KAFKA_BOOTSTRAP_SERVERS"]
        records = read_topic(broker, topic)
        return Counter(record.type for record in records if record.key == reservation_id)

    def assert_confirmed_once(self, reservation_id: str) -> None:
        """Wait for CONFIRMED and the tickets; then every effect is there exactly once."""
        confirmed = self.wait_for(reservation_id, "CONFIRMED")
        self.wait_for_tickets(reservation_id)
        payment = self.payment_of(reservation_id)
        assert [op["status"] for op in payment["operations"]] == ["SUCCEEDED", "SUCCEEDED"]
        assert payment["authorized_amount"] == payment["captured_amount"] == confirmed["amount"]
        assert self.charges(reservation_id) == 1
        assert self.told(reservation_id) == [
            "booking.ReservationCreated.v1",
            "booking.PassengerContactGiven.v1",
            "booking.PaymentAuthorizeRequested.v1",
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
        deadline = time.monotonic() + 40
        while self.told(reservation_id)[-1] != "booking.TicketsIssued.v1":
            assert time.monotonic() < deadline, f"no tickets: {self.told(reservation_id)}"
            time.sleep(0.2)

    def told(self, reservation_id: str) -> list[str]:
        """The types of booking's events of a reservation, in order."""
        return _types(self.history("booking", reservation_id))

    # Breaking

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


def _types(history: list[Any]) -> list[str]:
    return [event["type"] for event in history]
