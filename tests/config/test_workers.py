"""How gunicorn's workers share out connections."""

import time
from types import SimpleNamespace

import pytest
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from config.workers import LONGEST_HESITATION_SECONDS, FairWorker

LISTENER = object()


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The pauses that were made, and the listeners that were accepted from, in order."""
    noted: list[object] = []
    monkeypatch.setattr(time, "sleep", noted.append)
    monkeypatch.setattr(ThreadWorker, "accept", lambda _, listener: noted.append(listener))
    return noted


def accept(*, workers: int, connections: int) -> None:
    worker = FairWorker.__new__(FairWorker)
    worker.cfg, worker.nr_conns = SimpleNamespace(workers=workers), connections
    worker.accept(LISTENER)


def test_who_has_more_connections_waits_longer_before_taking_another(done: list[object]) -> None:
    for connections in (0, 1, 20):
        accept(workers=2, connections=connections)
    first, _, second, _, third, _ = done
    assert first == 0
    assert isinstance(second, float)
    assert third == pytest.approx(20 * second)
    assert done[1::2] == [LISTENER] * 3


def test_nobody_waits_long(done: list[object]) -> None:
    accept(workers=2, connections=900)
    assert done == [LONGEST_HESITATION_SECONDS, LISTENER]


def test_a_worker_by_itself_does_not_wait(done: list[object]) -> None:
    accept(workers=1, connections=20)
    assert done == [LISTENER]
