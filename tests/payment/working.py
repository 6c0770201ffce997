"""Driving `run_operations`' work step by step."""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import closing

from payment.models import Operation
from payment.operations import Operations
from payment.processors.simulator import Simulator
from tests.payment.factories import NOW
from tests.threads import PATIENCE_SECONDS

Worker = Callable[..., Operations]


def charged(simulator: Simulator) -> int:
    with closing(sqlite3.connect(simulator.books.file)) as books:
        [[count]] = books.execute("SELECT COUNT(*) FROM entry")
        return int(count)


def run_until(done: Callable[[], bool], operations: Operations) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, "not done in time"
        operations.run_once()


def nothing_requested() -> bool:
    return not Operation.objects.filter(status=Operation.Status.REQUESTED).exists()


def nothing_open() -> bool:
    return not Operation.objects.filter(status__in=Operation.OPEN).exists()


def make_due() -> None:
    """Let the time of what is asked again come."""
    Operation.objects.update(next_attempt_at=NOW)


def answered_then_killed(operations: Operations) -> None:
    """The processor has answered; the process dies before the answer is recorded."""
    operations.leases.keep()
    operations._start(operations.in_flight)
    assert operations._calls
    wait(operations._calls)
    operations._calls.clear()
