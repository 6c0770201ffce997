"""Sending what is due: the work of `run_deliveries`.

Deliveries are recorded and committed first, then sent here, outside any transaction and several at
once, then what they came to is recorded. A crash between sending and recording leaves a delivery
PENDING: it is sent again, under the same id. That is the one window in which a message goes twice.
"""

import logging
import traceback
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from notification import selectors, services
from notification.channels import Call, Channel, Outcome, Verdict
from notification.models import DELIVERIES, Delivery
from outbox.conf import options
from outbox.leases import Leases

logger = logging.getLogger(__name__)

WAIT_SECONDS: Final = 0.01
# By as much the moment grows in which a crash has a message go twice.
COMPANY_SECONDS: Final = 0.005
# How soon after some were started others are: what is recorded meanwhile is sent together, since to
# look and to record costs more than to send.
GATHER_SECONDS: Final = 0.05
PURGE_SECONDS: Final = 60.0


class Deliveries:
    """Sends due deliveries of the shards this process holds.

    Args:
        channels: how they are sent.
        in_flight: how many may be under way at once, over each channel; half as many to one
            endpoint, so that one that answers slowly does not keep the others waiting.
        address: where this process hears nudges, or nothing.
    """

    def __init__(
        self, channels: Mapping[Delivery.Channel, Channel], *, in_flight: int, address: str = ""
    ) -> None:
        self.leases = Leases(
            DELIVERIES,
            seconds=options().lease_seconds,
            address=address,
            busy=lambda: {delivery.shard for delivery in self._calls.values()},
        )
        self.channels = channels
        self.in_flight = in_flight
        self._threads = {
            channel: ThreadPoolExecutor(in_flight, thread_name_prefix=channel.lower())
            for channel in channels
        }
        self._calls: dict[Future[Outcome | None], Delivery] = {}
        self._next_purge = 0.0
        self._next_start = 0.0

    def run_once(self) -> bool:
        """Start calls for what is due, and record what has ended.

        Returns:
            Whether to look again at once: calls are under way still, or more may be due than there
            was room for. What is recorded meanwhile comes with a nudge.
        """
        self.leases.keep()
        if not self._calls:
            sleep(max(0.0, self._next_start - monotonic()))
        more = monotonic() >= self._next_start and self._start_due()
        self._record(WAIT_SECONDS)
        return bool(self._calls) or more or self._purge()

    def close(self) -> None:
        """Wait for the calls under way, record what they came to, and give the shards back."""
        for threads in self._threads.values():
            threads.shutdown(wait=True)
        self._record(None)
        self.leases.release()

    def _start_due(self) -> bool:
        """Start what is due, over every channel; whether more may be due than there was room for.
        If not, others may gather before the next start."""
        before = len(self._calls)
        more = [self._start(channel) for channel in self.channels]
        if not any(more) and len(self._calls) > before:
            self._next_start = monotonic() + GATHER_SECONDS
        return any(more)

    def _start(self, channel: Delivery.Channel) -> bool:
        """Start as many as there is room for; whether more may be due."""
        under_way = [one for one in self._calls.values() if one.channel == channel]
        room = self.in_flight - len(under_way)
        shards = self.leases.shards
        if not room or not shards:
            return not room
        to_each: Counter[UUID | None] = Counter(one.endpoint_id for one in under_way)
        most = max(1, self.in_flight // 2)
        due = selectors.due_deliveries(
            channel,
            shards=shards,
            besides=[one.pk for one in under_way],
            full=[endpoint for endpoint, count in to_each.items() if endpoint and count >= most],
            limit=room,
        )
        started = []
        for delivery in due:
            if not delivery.endpoint_id or to_each[delivery.endpoint_id] < most:
                to_each[delivery.endpoint_id] += 1
                started.append(delivery)
        if started:
            self._submit(channel, started)
        return len(due) == room

    def _submit(self, channel: Delivery.Channel, deliveries: list[Delivery]) -> None:
        settled: dict[UUID, Outcome] = {}
        prepared = self.channels[channel].prepare(deliveries)
        for delivery, call in zip(deliveries, prepared, strict=True):
            if isinstance(call, Outcome):
                settled[delivery.pk] = call
            else:
                self._calls[self._threads[channel].submit(self._send, call)] = delivery
        if settled:
            services.record_outcomes(settled, now=timezone.now())

    def _send(self, call: Call) -> Outcome | None:
        """What a call comes to; nothing if it was not made, because by now the shard may be
        another's, who sends the same."""
        return call() if self.leases.are_valid() else None

    def _record(self, seconds: float | None) -> None:
        """Record what has ended in one transaction, with what ends in the same moment: a commit is
        most of what recording costs."""
        if not wait(self._calls, timeout=seconds, return_when=FIRST_COMPLETED).done:
            return
        ended = wait(self._calls, timeout=COMPANY_SECONDS).done
        outcomes = {self._calls[call].pk: self._outcome(call) for call in ended}
        made = {pk: outcome for pk, outcome in outcomes.items() if outcome}
        if made:
            services.record_outcomes(made, now=timezone.now())
        for call in ended:
            del self._calls[call]

    def _outcome(self, call: Future[Outcome | None]) -> Outcome | None:
        try:
            return call.result()
        except Exception:
            logger.exception("%s: the channel failed", self._calls[call])
            return Outcome(verdict=Verdict.BROKEN, error=traceback.format_exc())

    def _purge(self) -> bool:
        """Now and then, where the first shard is this runner's, forget what retention is over for;
        whether there may be more."""
        if monotonic() < self._next_purge or 0 not in self.leases.shards:
            return False
        done = services.purge_chunk(
            contacts=timedelta(days=settings.CONTACT_RETENTION_DAYS),
            deliveries=timedelta(days=settings.DELIVERY_RETENTION_DAYS),
            now=timezone.now(),
        )
        if not done:
            self._next_purge = monotonic() + PURGE_SECONDS
        return bool(done)
