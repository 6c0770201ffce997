"""The baseline, running."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Final

from django.db import connections

from bench.baseline.databases import SERVICES
from bench.booking.sites import Request, Site, site
from bench.children import Child, child

SETTINGS: Final = "bench.baseline.settings"
WORKS: Final = ("poll", "consume")
SEATS: Final = 180
CONFIRMED: Final = "SELECT COUNT(*) FROM booking_reservation WHERE status = 'CONFIRMED'"


@dataclass(frozen=True)
class Baseline:
    """The running baseline.

    Args:
        gateway: its door.
        booking: what is behind it.
        workers: the background processes by name.
    """

    gateway: Site
    booking: Site
    workers: Mapping[str, Child]
    _seats: Iterator[int] = field(default_factory=count)

    def processes(self) -> dict[str, int]:
        """The process ids by name."""
        workers = {name: worker.pid for name, worker in self.workers.items()}
        return {**self.gateway.pids(), **self.booking.pids(), **workers}

    def confirmed(self) -> int:
        """How many reservations are CONFIRMED."""
        with connections["baseline_booking"].cursor() as cursor:
            cursor.execute(CONFIRMED)
            (found,) = cursor.fetchone()
            return int(found)

    def request(self) -> Request:
        """The request for a seat that nobody has asked for."""
        departure, seat = divmod(next(self._seats), SEATS)
        body = {
            "passenger_id": 1,
            "flight_number": 1001,
            "departure_date": (date(2000, 1, 1) + timedelta(days=departure)).isoformat(),
            "seat_number": f"{seat // 6 + 1}{'ABCDEF'[seat % 6]}",
        }
        return "POST", "/api/reservations", body


@contextmanager
def system() -> Iterator[Baseline]:
    """The baseline with tables and topics; gone after the block."""
    for service in SERVICES:
        _run("-m", "django", "migrate", "--run-syncdb", service=service)
    _run("-m", "bench.baseline.worker", "topics", service="booking")
    with ExitStack() as stack:
        workers = {
            f"{service} {work}": stack.enter_context(
                child("-m", "bench.baseline.worker", work, variables=_variables(service))
            )
            for service in SERVICES
            for work in WORKS
        }
        booking = stack.enter_context(site(SETTINGS, "booking", BASELINE_SERVICE="booking"))
        url = f"http://127.0.0.1:{booking.port}"
        gateway = stack.enter_context(site(SETTINGS, "gateway", BASELINE_BOOKING_URL=url))
        yield Baseline(gateway, booking, workers)


def _variables(service: str) -> dict[str, str]:
    return {"DJANGO_SETTINGS_MODULE": SETTINGS, "BASELINE_SERVICE": service}


def _run(*arguments: str, service: str) -> None:
    environment = {**os.environ, **_variables(service)}
    command = [sys.executable, *arguments]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
