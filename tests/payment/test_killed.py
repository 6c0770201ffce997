"""`run_operations` killed (-9) in the middle of a call, and between the answer and its record.

The worker is a process of its own; the processor is the simulator's server, over a real socket.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from outbox.models import Lease, OutboxEvent, Worker
from payment import services
from payment.models import Operation, Payment
from payment.processors import Approved
from payment.processors.server import Server, Webhooks
from payment.processors.simulator import Simulator
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW
from tests.threads import PATIENCE_SECONDS

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parent.parent.parent


class Slow(Simulator):
    """A simulator that holds every call until it is let go.

    Attributes:
        called: set when a call has arrived.
        go: lets the calls go on.
    """

    def __init__(self, books: Path) -> None:
        super().__init__(books)
        self.called = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def arrive(self) -> None:
        self.called.set()
        self.go.wait(PATIENCE_SECONDS)


@pytest.fixture
def simulator(tmp_path: Path) -> Slow:
    return Slow(tmp_path / "books.sqlite3")


@pytest.fixture
def server(simulator: Slow) -> Iterator[Server]:
    made = Server(0, simulator, key="sk", webhooks=Webhooks("", secret="whsec"))
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    with made:
        thread.start()
        yield made
        simulator.go.set()
        made.shutdown()
        thread.join()


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(server: Server) -> Iterator[Start]:
    """Starts workers on the test's database, and ends them after the test."""
    database = connection.settings_dict
    user, password = (quote(database[name], safe="") for name in ("USER", "PASSWORD"))
    address = f"{database['HOST']}:{database['PORT']}"
    environment = {
        **os.environ,
        "TRIAL": "1",
        "SERVICE": "payment",
        "PAYMENT_DATABASE_URL": f"mysql://{user}:{password}@{address}/{database['NAME']}",
        "PROCESSOR": "payment.processors.http.HttpProcessor",
        "PROCESSOR_URL": server.url,
        "PROCESSOR_KEY": "sk",
        "OUTBOX_NUDGE_LISTEN": "off",
    }
    started = []

    def start(*program: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, *(program or ("manage.py",)), "run_operations"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, list(Operation.objects.values())
        time.sleep(0.05)


def nothing_open() -> bool:
    return not Operation.objects.filter(status__in=Operation.OPEN).exists()


def follow_up_of_an_authorization(kind: str, simulator: Simulator) -> Operation:
    """An operation REQUESTED whose forerunners the processor has done, too."""
    operation = factories.operation()
    if kind != "AUTHORIZE":
        answer = simulator.authorize(factories.authorization(operation.idempotency_key))
        assert isinstance(answer, Approved)
        services.record_answer(operation, answer, now=NOW)
        operation = factories.asked(kind, Payment.objects.get())
    return operation


def take_over() -> None:
    """What comes by itself when the dead worker's leases have run out."""
    Worker.objects.all().delete()
    Lease.objects.update(owner="", expires_at=None)


def assert_done_once(operation: Operation, simulator: Simulator) -> None:
    operation.refresh_from_db()
    assert operation.status == "SUCCEEDED"
    lines = [
        line
        for line in simulator.transactions()
        if line.idempotency_key == operation.idempotency_key
    ]
    assert [line.answer for line in lines] == [Approved(reference=operation.processor_reference)]
    payment = Payment.objects.get()
    assert getattr(payment, Operation.TOTALS[operation.kind]) == AMOUNT
    answers = OutboxEvent.objects.filter(type__contains="Payment")
    assert answers.count() == Operation.objects.count()


@pytest.mark.parametrize("kind", ["AUTHORIZE", "CAPTURE", "VOID"])
def test_killed_in_the_middle_of_a_call_it_is_done_once(
    start: Start, simulator: Slow, kind: str
) -> None:
    operation = follow_up_of_an_authorization(kind, simulator)
    simulator.called.clear()
    simulator.go.clear()
    victim = start()
    assert simulator.called.wait(2 * PATIENCE_SECONDS)
    victim.kill()
    assert victim.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    operation.refresh_from_db()
    assert (operation.status, operation.attempts) == ("REQUESTED", 0)
    simulator.go.set()
    take_over()
    start()
    until(nothing_open)
    assert_done_once(operation, simulator)


@pytest.mark.parametrize("kind", ["AUTHORIZE", "CAPTURE", "VOID"])
def test_killed_between_the_answer_and_its_record_it_is_done_once(
    start: Start, simulator: Slow, kind: str
) -> None:
    operation = follow_up_of_an_authorization(kind, simulator)
    victim = start("-m", "tests.e2e.crash", "payment.operations:Operations._record_outcomes")
    assert victim.wait(2 * PATIENCE_SECONDS) == -signal.SIGKILL
    assert simulator.outcome(operation.idempotency_key) is not None
    operation.refresh_from_db()
    assert operation.status == "REQUESTED"
    take_over()
    start()
    until(nothing_open)
    assert_done_once(operation, simulator)
