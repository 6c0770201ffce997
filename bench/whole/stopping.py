"""Having the system's processes stand still while something else is measured."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import psutil

from bench.children import Child
from bench.machine import servers
from bench.saga.buying import processes
from dev.processes import SERVICES

# gunicorn's masters replace workers that have not told for long that they live.
TELL_SECONDS: Final = 3
# Leases and the groups of consumers are shared out anew.
SETTLE_SECONDS: Final = 10


@contextmanager
def stopped(clients: Child) -> Iterator[None]:
    """No process of the system does anything during the block; databases and broker go on."""
    others = {*servers().values(), clients.pid, os.getpid()}
    masters = [int(os.environ[f"{service.name.upper()}_PID"]) for service in SERVICES]
    workers = [pid for pid in processes(clients).values() if pid not in others]
    for process in _found([*masters, *workers]):
        process.suspend()
    try:
        yield
    finally:
        _resume(workers)
        time.sleep(TELL_SECONDS)
        _resume(masters)
        time.sleep(SETTLE_SECONDS)


def _resume(pids: Iterable[int]) -> None:
    for process in _found(pids):
        process.resume()


def _found(pids: Iterable[int]) -> Iterator[psutil.Process]:
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)
