"""Work done at the same time, each piece on a database connection of its own."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from django.db import connections

T = TypeVar("T")

PATIENCE_SECONDS = 30


def at_once(pieces: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Start all pieces at the same moment; what each returned or raised, in their order."""
    start = threading.Barrier(len(pieces))

    def run(piece: Callable[[], T]) -> T | Exception:
        try:
            start.wait(PATIENCE_SECONDS)
            return piece()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(pieces)) as pool:
        return list(pool.map(run, pieces))


def results(outcomes: Sequence[T | Exception]) -> list[T]:
    """What all of `at_once`'s pieces returned; an exception of any is raised."""
    returned: list[T] = []
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
        returned.append(outcome)
    return returned


def later(counter: threading.Semaphore, then: threading.Event, *, times: int = 1) -> None:
    """In the background, set `then` when `counter` has been released so many times."""

    def run() -> None:
        for _ in range(times):
            counter.acquire(timeout=PATIENCE_SECONDS)
        then.set()

    threading.Thread(target=run).start()


class FirstCallsTogether(Generic[T]):
    """Wraps a read so that its first `count` calls return only when all of them have read."""

    def __init__(self, read: Callable[..., T], count: int) -> None:
        self._read = read
        self._barrier = threading.Barrier(count)
        self._lock = threading.Lock()
        self._together = count
        self.calls = 0

    def __call__(self, *args: object, **kwargs: object) -> T:
        with self._lock:
            self.calls += 1
            early = self.calls <= self._together
        found = self._read(*args, **kwargs)
        if early:
            self._barrier.wait(PATIENCE_SECONDS)
        return found
