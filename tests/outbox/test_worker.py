"""The loop of every long-running command."""

import os
import signal
import socket
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection

from outbox.conf import options
from outbox.kafka import BrokerAway
from outbox.nudge import Listener
from outbox.transactions import LostRace
from outbox.worker import (
    FIRST_BACKOFF_SECONDS,
    LONGEST_BACKOFF_SECONDS,
    SHORTEST_IDLE_WITH_NUDGES_SECONDS,
    Loop,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Signal handlers as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def nothing() -> None:
    """A close that has nothing to let go of."""


def pauses_of(loop: Loop, cycles: int) -> list[float]:
    """For how many seconds the loop wanted to pause in so many cycles."""
    pauses: list[float] = []
    loop.stopping.wait = pauses.append  # type: ignore[method-assign,assignment]
    for _ in range(cycles):
        loop._cycle()
    return pauses


def steps(*results: bool | Exception) -> Callable[[], bool]:
    """A step that gives these results, one after the other."""
    left = list(results)

    def step() -> bool:
        result = left.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    return step


def nudge_to(listener: Listener) -> None:
    """Send what a listener must cope with: an empty datagram, and one more."""
    host, _, port = listener.address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", (host, int(port)))
        sender.sendto(b"more", (host, int(port)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_unit_in_hand_finish_and_closes(number: signal.Signals) -> None:
    done: list[str] = []

    def step() -> bool:
        os.kill(os.getpid(), number)
        done.append("finished")
        return True

    Loop("test", step, lambda: done.append("closed")).run()
    assert done == ["finished", "closed"]


def test_idle_pauses_grow_to_a_limit_and_work_ends_them() -> None:
    loop = Loop("test", steps(*[False] * 10, True, False), nothing)
    pauses = pauses_of(loop, 12)
    assert pauses == [0.005, 0.01, 0.02, 0.04, 0.08, 0.1, 0.1, 0.1, 0.1, 0.1, 0.005]


@pytest.mark.parametrize(
    "error", [OperationalError(2002, "no server"), BrokerAway("no broker"), LostRace()]
)
def test_what_passes_by_itself_is_waited_for_ever_longer_to_a_limit(error: Exception) -> None:
    loop = Loop("test", steps(*[error] * 12, True), nothing)
    pauses = pauses_of(loop, 13)
    assert len(pauses) == 12
    assert pauses[0] < 0.2 < pauses[-1] <= LONGEST_BACKOFF_SECONDS


def test_a_worker_whose_broker_is_away_asks_again_before_its_leases_run_out() -> None:
    asking = options().message_timeout_ms / 1000
    assert asking + LONGEST_BACKOFF_SECONDS < options().lease_seconds


def test_a_nudge_ends_an_idle_pause() -> None:
    listener = Listener()
    loop = Loop("test", steps(False, False), nothing, listener)
    loop._idle = 30
    nudge_to(listener)
    loop._cycle()
    listener.close()
    assert loop._idle == SHORTEST_IDLE_WITH_NUDGES_SECONDS


def test_what_does_not_pass_by_itself_ends_the_process_after_closing() -> None:
    closed: list[bool] = []
    with pytest.raises(ZeroDivisionError):
        Loop("test", steps(ZeroDivisionError()), lambda: closed.append(True)).run()
    assert closed


def test_a_fault_while_closing_is_not_hidden() -> None:
    def close() -> None:
        raise ZeroDivisionError

    def step() -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        return True

    with pytest.raises(ZeroDivisionError):
        Loop("test", step, close).run()


def test_work_ends_the_growing_of_backoffs() -> None:
    error = BrokerAway("no broker")
    loop = Loop("test", steps(*[error] * 6, True, error), nothing)
    *_, longest, afresh = pauses_of(loop, 8)
    assert afresh <= FIRST_BACKOFF_SECONDS < longest


def test_a_nudge_does_not_shorten_a_backoff() -> None:
    listener = Listener()
    loop = Loop("test", steps(BrokerAway("no broker")), nothing, listener)
    nudge_to(listener)
    assert pauses_of(loop, 1) == [pytest.approx(FIRST_BACKOFF_SECONDS, rel=0.5)]
    listener.close()


@pytest.mark.mariadb
def test_after_a_failure_the_next_step_has_a_new_connection() -> None:
    connection.ensure_connection()
    loop = Loop("test", steps(OperationalError(2006, "gone")), nothing)
    pauses_of(loop, 1)
    assert connection.connection is None


def test_a_worker_stops_without_its_database() -> None:
    def close() -> None:
        raise OperationalError(2002, "no server")

    def step() -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        return True

    Loop("test", step, close).run()
