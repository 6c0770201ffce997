"""Draining recorded authorizations through one `run_operations`."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone
from uuid_utils.compat import uuid7

from bench.children import Child, child
from bench.machine import CpuMeter
from bench.report import Bound, Figure
from dev.console import RefusalError, step
from outbox.models import OutboxEvent, shard_of
from payment.models import LedgerEntry, Operation, Payment
from payment.processors import Authorization
from payment.processors.simulator import Simulator

LATENCY_MS: Final = 300
PATIENCE_SECONDS: Final = 120
TOKEN: Final = "tok_approve"  # noqa: S105 (a made-up card)


class Authorizing:
    """Rounds of draining so many authorizations, beside the same calls made without recording them.

    Args:
        operations: how many each round.
        folder: where the processor's books are.
        mariadb: the server's process id.
    """

    def __init__(self, *, operations: int, folder: Path, mariadb: int) -> None:
        self._operations = operations
        self._folder = folder
        self._mariadb = mariadb
        self._rates: list[float] = []
        self._bare: list[float] = []
        self._cores: dict[str, float] = {}

    def round(self) -> None:
        """One of each."""
        self._bare.append(self._without_recording())
        record(self._operations)
        variables = {
            "PROCESSOR_BOOKS": str(self._folder / f"{uuid7()}.sqlite3"),
            "PROCESSOR_LATENCY_MS": str(LATENCY_MS),
        }
        with child("manage.py", "run_operations", variables=variables) as worker:
            self._rates.append(self._watch(worker))
        step(f"  {self._rates[-1]:.0f} authorizations/s, without recording {self._bare[-1]:.0f}")

    def figures(self) -> Iterator[Figure]:
        """The row of the table."""
        yield Figure(
            name=f"authorizations, processor takes {LATENCY_MS} ms",
            unit="/s",
            rounds=self._rates,
            bound=Bound(value=100),
            beside=self._bare,
            beside_name="the same calls, nothing recorded",
            notes={"in_flight": settings.OPERATIONS_IN_FLIGHT, "cores": self._cores},
        )

    def _watch(self, worker: Child) -> float:
        """Until nothing is open; the rate between the first and the last answer."""
        meter = CpuMeter({"worker": worker.pid, "mariadb": self._mariadb})
        started = time.monotonic()
        while Operation.objects.filter(status__in=Operation.OPEN).exists():
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise RefusalError("the operations were not done in time")
            time.sleep(0.2)
        seconds = time.monotonic() - started
        self._cores = {name: used / seconds for name, used in meter.used().items()}
        answered = Operation.objects.aggregate(first=Min("completed_at"), last=Max("completed_at"))
        between: timedelta = answered["last"] - answered["first"]
        return (self._operations - 1) / between.total_seconds()

    def _without_recording(self) -> float:
        """The rate at which as many threads get their answers."""
        books = self._folder / f"{uuid7()}.sqlite3"
        simulator = Simulator(books, latency=LATENCY_MS / 1000)
        asked = [
            Authorization(idempotency_key=f"{n}", token=TOKEN, amount=12900, currency="EUR")
            for n in range(self._operations)
        ]
        started = time.monotonic()
        with ThreadPoolExecutor(settings.OPERATIONS_IN_FLIGHT) as threads:
            list(threads.map(simulator.authorize, asked))
        return self._operations / (time.monotonic() - started)


def record(count: int) -> None:
    """So many authorizations REQUESTED, each of a payment of its own; what was there is gone."""
    with connection.cursor() as cursor:
        for model in (LedgerEntry, OutboxEvent, Operation, Payment):  # the ORM keeps the ledger
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608 (constants)
    now = timezone.now()
    payments = [
        Payment(pk=uuid7(), currency="EUR", created_at=now, updated_at=now) for _ in range(count)
    ]
    Payment.objects.bulk_create(payments)
    Operation.objects.bulk_create(
        Operation(
            payment=payment,
            saga_id=uuid7(),
            number=1,
            kind=Operation.Kind.AUTHORIZE,
            shard=shard_of(str(payment.pk)),
            amount=12900,
            currency="EUR",
            payment_token=TOKEN,
            next_attempt_at=now,
            requested_at=now,
        )
        for payment in payments
    )
