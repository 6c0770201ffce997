"""What is measured and who measures: two gunicorns and the clients."""

import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import psutil

from bench.children import Child, child
from bench.machine import CpuMeter, servers
from dev.console import RefusalError
from dev.ports import free_ports

START_SECONDS: Final = 20
ROUND_SECONDS: Final = 60
PROCESSES: Final = 2  # the default of WEB_CONCURRENCY
CLIENTS: Final = 32

Request = tuple[str, str, object]


class Site:
    """A gunicorn as it is shipped, under some settings module.

    Args:
        process: its master.
        port: where it listens.
        name: what its workers are called.
    """

    def __init__(self, process: Child, port: int, name: str = "worker") -> None:
        self.port = port
        self.name = name
        self._process = process

    def wait(self) -> None:
        """Wait until it listens.

        Raises:
            RefusalError: it does not.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise RefusalError(f"nothing listens at port {self.port}") from None
                time.sleep(0.05)

    def pids(self) -> dict[str, int]:
        """Its workers by number."""
        master = psutil.Process(self._process.pid)
        return {f"{self.name} {number}": one.pid for number, one in enumerate(master.children(), 1)}


@contextmanager
def site(settings_module: str, name: str = "worker", **variables: str) -> Iterator[Site]:
    """A site that listens, and is gone after the block."""
    (port,) = free_ports(1)
    options = ("--config", "config/gunicorn.py", "--log-level", "warning")
    with child(
        *("-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", "config.wsgi"),
        variables={
            "DJANGO_SETTINGS_MODULE": settings_module,
            "WEB_CONCURRENCY": str(PROCESSES),
            **variables,
        },
    ) as process:
        started = Site(process, port, name)
        started.wait()
        yield started


class Answers:
    """What a round gave.

    Args:
        answer: what the clients say of it.
        used: processor seconds by process.
    """

    def __init__(self, answer: dict[str, Any], used: dict[str, float]) -> None:
        self.seconds: list[float] = answer["seconds"]
        self.duration: float = answer["ended"] - answer["started"]
        self.statuses: dict[str, int] = answer["statuses"]
        self.cores = {name: spent / self.duration for name, spent in used.items()}

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.duration

    def must_all_be(self, status: int) -> None:
        """Refuse a round that did something else than it should have.

        Raises:
            RefusalError: some answers have another status.
        """
        if self.statuses != {str(status): len(self.seconds)}:
            raise RefusalError(f"not all answers were {status}: {self.statuses}")


class Clients:
    """The process that sends.

    Args:
        process: it.
    """

    def __init__(self, process: Child) -> None:
        self._process = process

    def send(
        self,
        to: Site,
        requests: Sequence[Request],
        *,
        clients: int = CLIENTS,
        per_second: float = 0,
        headers: Mapping[str, str] = MappingProxyType({}),
        behind: Sequence[Site] = (),
    ) -> Answers:
        """Have requests sent and answered.

        Args:
            to: where.
            requests: what.
            clients: how many connections.
            per_second: at what rate; 0 is as fast as they are answered.
            headers: of all of them.
            behind: whom that site asks in its turn.

        Raises:
            RefusalError: the site does not answer.
        """
        workers = {name: pid for one in (to, *behind) for name, pid in one.pids().items()}
        meter = CpuMeter({**servers(), **workers, "clients": self._process.pid})
        order = {
            "port": to.port,
            "clients": clients,
            "requests": requests,
            "per_second": per_second,
            "headers": dict(headers),
        }
        self._process.tell(json.dumps(order))
        seconds = ROUND_SECONDS + (len(requests) / per_second if per_second else 0)
        return Answers(self._process.answer(seconds), meter.used())


@contextmanager
def sending() -> Iterator[Clients]:
    """The clients, gone after the block."""
    with child("-m", "bench.booking.clients") as process:
        yield Clients(process)
