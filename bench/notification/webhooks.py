"""Draining recorded webhooks through one `run_deliveries`."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone
from uuid_utils.compat import uuid7

from bench.children import Child, child
from bench.machine import CpuMeter
from bench.report import Bound, Figure
from contracts.booking import ReservationExpired
from dev.console import RefusalError, step
from notification.channels import Call
from notification.channels import webhook as channel
from notification.models import Attempt, Delivery, Endpoint

PATIENCE_SECONDS: Final = 300
# What the bodies are made of; nobody reads them.
PAYLOAD: Final = '{"reservation":{"record_locator":"2BMNWS"}}'


class Webhooks:
    """Rounds of sending so many webhooks, beside the same posts made without recording them.

    Args:
        count: how many each round.
        mariadb: the server's process id.
    """

    def __init__(self, *, count: int, mariadb: int) -> None:
        self._count = count
        self._mariadb = mariadb
        self._rates: list[float] = []
        self._bare: list[float] = []
        self._cores: dict[str, float] = {}

    def round(self) -> None:
        """One of each."""
        with child("-m", "bench.notification.receiver") as receiver:
            record(self._count, f"http://127.0.0.1:{receiver.answer()}/hook")
            self._bare.append(self._without_recording())
            with child("manage.py", "run_deliveries") as runner:
                self._rates.append(self._watch(runner))
        step(f"  {self._rates[-1]:.0f} webhooks/s, without recording {self._bare[-1]:.0f}")

    def figures(self) -> Iterator[Figure]:
        """The row of the table."""
        yield Figure(
            name=f"webhooks, {self._count:,} pending, one runner",
            unit="/s",
            rounds=self._rates,
            bound=Bound(value=400),
            beside=self._bare,
            beside_name="the same posts, nothing recorded",
            notes={"in_flight": settings.DELIVERIES_IN_FLIGHT, "cores": self._cores},
        )

    def _watch(self, runner: Child) -> float:
        """Until nothing is pending; the rate between the first and the last that was recorded."""
        meter = CpuMeter({"runner": runner.pid, "mariadb": self._mariadb})
        started = time.monotonic()
        while Delivery.objects.filter(status=Delivery.Status.PENDING).exists():
            if time.monotonic() - started > PATIENCE_SECONDS:
                raise RefusalError("the webhooks were not sent in time")
            time.sleep(0.2)
        seconds = time.monotonic() - started
        self._cores = {name: used / seconds for name, used in meter.used().items()}
        if Delivery.objects.filter(status=Delivery.Status.SENT).count() != self._count:
            raise RefusalError("not every webhook was taken")
        sent = Delivery.objects.aggregate(first=Min("completed_at"), last=Max("completed_at"))
        return (self._count - 1) / float((sent["last"] - sent["first"]).total_seconds())

    def _without_recording(self) -> float:
        """The rate at which as many threads as go to one endpoint get their answers."""
        webhooks = channel.Webhooks()
        prepared = webhooks.prepare(list(Delivery.objects.select_related("endpoint")))
        calls: list[Call] = [call for call in prepared if callable(call)]
        started = time.monotonic()
        with ThreadPoolExecutor(settings.DELIVERIES_IN_FLIGHT // 2) as threads:
            list(threads.map(lambda call: call(), calls))
        seconds = time.monotonic() - started
        webhooks.close()
        return self._count / seconds


def record(count: int, url: str) -> None:
    """So many webhooks that are due; what was there is gone."""
    with connection.cursor() as cursor:
        for model in (Attempt, Delivery, Endpoint):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608 (constants)
    now = timezone.now()
    endpoint = Endpoint.objects.create(url=url, created_at=now)
    Delivery.objects.bulk_create(
        (
            Delivery.of(
                uuid7(),
                ReservationExpired.type,
                now=now,
                channel=Delivery.Channel.WEBHOOK,
                recipient=str(endpoint.pk),
                endpoint=endpoint,
                payload=PAYLOAD,
            )
            for _ in range(count)
        ),
        batch_size=1000,
    )
