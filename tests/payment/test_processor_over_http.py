"""Operations done by the HTTP processor against the simulator's server, and its webhooks."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from outbox.models import OutboxEvent
from payment import selectors
from payment.models import Operation, Payment
from payment.operations import Operations
from payment.processors.http import HttpProcessor
from payment.processors.server import Server, Webhooks
from payment.processors.simulator import Simulator
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW
from tests.threads import PATIENCE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def simulator(tmp_path: Path) -> Simulator:
    return Simulator(tmp_path / "books.sqlite3", late=0.3)


@pytest.fixture
def webhooks() -> str:
    """Nobody is told."""
    return ""


@pytest.fixture
def to_ourselves(settings: Settings, live_server: LiveServer) -> str:
    """Where payment's own web server is told. It needs a connection of its own, which it has not
    beside SQLite in memory."""
    settings.WEBHOOK_SECRETS = {"http": "whsec"}
    return f"{live_server.url}/payments/webhooks/http"


@pytest.fixture
def server(simulator: Simulator, webhooks: str) -> Iterator[Server]:
    """The processor."""
    made = Server(0, simulator, key="sk", webhooks=Webhooks(webhooks, secret="whsec"))
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    with made:
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def operations(server: Server) -> Iterator[Operations]:
    processor = HttpProcessor(server.url, key="sk", connect=1, read=5, connections=8)
    made = Operations(processor, in_flight=8)
    yield made
    made.close()
    processor.close()


def until(done: Callable[[], bool], step: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, list(Operation.objects.values())
        step()


def nothing_open() -> bool:
    return not Operation.objects.filter(status__in=Operation.OPEN).exists()


TOKENS = [
    "tok_approve",
    "tok_decline",
    "tok_timeout_approve",
    "tok_timeout_decline",
    "tok_down",
    "tok_3ds_timeout",
    "tok_capture_decline",
    "tok_refund_decline",
    "tok_follow_ups_timeout",
]


def do_everything(operations: Operations) -> None:
    """Something of every kind for every token, until nothing is open."""
    for token in TOKENS:
        payment = factories.operation(token=token).payment
        factories.asked("CAPTURE", payment, number=2, amount=9000)
        factories.asked("REFUND", payment, number=3, amount=4000)
        other = factories.operation(token=token).payment
        factories.asked("VOID", other, number=2)

    def step() -> None:
        operations.run_once()
        Operation.objects.filter(status="UNKNOWN").update(next_attempt_at=NOW)

    until(nothing_open, step)


def assert_books_agree(simulator: Simulator) -> None:
    """What the processor has booked is what is recorded."""
    told = {line.idempotency_key: line for line in simulator.transactions()}
    for operation in Operation.objects.select_related("payment"):
        line = told.pop(operation.idempotency_key, None)
        if line is None:  # answered without asking
            assert not operation.processor_reference
        else:
            assert line.kind == operation.kind
            assert selectors.operation(operation.pk).status in {"SUCCEEDED", "FAILED"}
            assert bool(operation.processor_reference) == (operation.status == "SUCCEEDED")
            assert getattr(line.answer, "reference", "") == operation.processor_reference
    assert told == {}


def test_at_the_end_the_processors_books_are_ours(
    operations: Operations, simulator: Simulator
) -> None:
    do_everything(operations)
    assert_books_agree(simulator)


@pytest.mark.mariadb
class TestWithWebhooks:
    """The processor tells every outcome, beside answering."""

    @pytest.fixture
    def webhooks(self, to_ourselves: str) -> str:
        return to_ourselves

    def test_told_and_asked_at_once_its_books_are_ours(
        self, operations: Operations, simulator: Simulator
    ) -> None:
        do_everything(operations)
        assert_books_agree(simulator)
        answers = Operation.objects.count()
        assert OutboxEvent.objects.count() == answers

    @pytest.mark.parametrize("token", ["tok_late_approve", "tok_duplicate_webhook"])
    def test_a_late_approval_is_told_by_webhook_and_recorded_once(
        self, operations: Operations, token: str
    ) -> None:
        operation = factories.operation(token=token)
        until(lambda: Operation.objects.get().status == "UNKNOWN", operations.run_once)
        Operation.objects.update(next_attempt_at="2100-01-01T00:00Z")  # nobody asks again
        until(nothing_open, lambda: time.sleep(0.02))
        time.sleep(0.2)  # the second of two
        operation.refresh_from_db()
        assert operation.status == "SUCCEEDED"
        assert OutboxEvent.objects.count() == 1
        assert Payment.objects.get().authorized_amount == AMOUNT
