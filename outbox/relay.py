"""The relay: publishes what was committed, in order, at least once.

It works on the shards it holds leases for. Rows are sent in waves that hold at most one row of a
key, so that a row is on its way only when its predecessor has been acknowledged; the order of
first occurrences is kept whatever fails. A row that the broker refuses for good is held with its
successors, while other keys go on.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from outbox.conf import options
from outbox.events import RELAY
from outbox.kafka import BrokerAway, KafkaPublisher, Publisher
from outbox.leases import Leases, OfShards, of_shards
from outbox.models import OutboxEvent
from outbox.prepared import Update, arguments, numbered
from outbox.purge import purge_chunk
from outbox.rows import Row
from outbox.transactions import unit_of_work

logger = logging.getLogger(__name__)

BEHIND: Final = "behind an event that is held"
LOOK_FOR_HELD_SECONDS: Final = 1.0
MANY_UNMARKED: Final = 200
PURGE_SECONDS: Final = 1.0
REST_SECONDS: Final = 60.0

State = OutboxEvent.State


class Relay:
    """Publishes pending events of the shards this process holds.

    Args:
        publisher: where events go.
        address: where this process hears nudges, or nothing.
    """

    def __init__(self, publisher: Publisher | None = None, *, address: str = "") -> None:
        self.leases = Leases(
            RELAY, seconds=options().lease_seconds, address=address, busy=self._shards_unmarked
        )
        self.publisher = publisher or KafkaPublisher()
        self._pending_rows = OfShards(_pending_of)
        self._held_rows = OfShards(_held_keys_of)
        self._held_keys: set[str] = set()
        self._held_keys_of: dict[int, int] = {}  # under which epochs they were read
        self._next_look_for_held = 0.0
        self._next_purge = 0.0
        # Acknowledged by the broker; one marking for what came within a short while.
        self._unmarked: dict[int, Row] = {}
        self._unmarked_under: dict[int, int] = {}  # epochs
        self._mark_at = 0.0

    def run_once(self) -> bool:
        """Publish one batch.

        Returns:
            Whether to look again at once: there may be more than was read. Where no nudge tells of
            what is committed meanwhile, whenever there was anything.

        Raises:
            BrokerAway: not everything was acknowledged.
        """
        self.leases.keep()
        self._forget_lost()
        shards = self.leases.shards
        if not shards:
            return False
        self._keep_held_keys(shards)
        batch = self._pending(shards)
        try:
            if batch:
                self._publish(self._without_held(batch))
        finally:
            self._mark_when_due()
        self._purge(shards)
        return len(batch) >= options().relay_batch if self.leases.address else bool(batch)

    def close(self) -> None:
        """Let go of the broker, mark what it acknowledged and give the shards back."""
        self.publisher.close()
        if self._unmarked:
            self._mark()
        self.leases.release()

    # Reading

    def _pending(self, shards: list[int]) -> list[Row]:
        """The next rows, oldest first, straight off the index."""
        rows = self._pending_rows.all(shards)
        return [Row._make(row) for row in rows if row[0] not in self._unmarked]

    def _keep_held_keys(self, shards: list[int]) -> None:
        """Ask from time to time, and at once about shards that another relay had until now."""
        epochs = self.leases.epochs
        if epochs != self._held_keys_of or time.monotonic() >= self._next_look_for_held:
            self._held_keys, self._held_keys_of = self._read_held_keys(shards), epochs
            self._next_look_for_held = time.monotonic() + LOOK_FOR_HELD_SECONDS

    def _read_held_keys(self, shards: Iterable[int]) -> set[str]:
        return {key for (key,) in self._held_rows.all(sorted(shards))}

    def _without_held(self, batch: list[Row]) -> list[Row]:
        """The batch less the successors of held rows, which join them.

        A key that was replayed since the batch was read is left out too: the batch lacks what was
        held then, and that comes first.
        """
        behind = [row for row in batch if row.key in self._held_keys]
        if not behind:
            return batch
        self._hold_behind(behind)
        left_out = self._held_keys.union(row.key for row in behind)
        return [row for row in batch if row.key not in left_out]

    def _purge(self, shards: Sequence[int]) -> None:
        """Whoever holds the first shard removes what has been readable long enough: a chunk a
        second while there is something to remove, else a look a minute."""
        if 0 not in shards or time.monotonic() < self._next_purge:
            return
        retention = timedelta(days=options().retention_days)
        deleted = purge_chunk(before=timezone.now() - retention)
        self._next_purge = time.monotonic() + (PURGE_SECONDS if deleted else REST_SECONDS)

    # Sending

    def _publish(self, batch: Sequence[Row]) -> None:
        """Send a batch, or as much of it as half a lease has time for: on a slow broker a batch of
        many waves would outlive its leases, and others would send it again."""
        for wave in waves(batch):
            if not self.leases.are_valid():
                return
            patience = min(self.leases.seconds_left(), options().message_timeout_ms / 1000)
            outcome = self.publisher.publish(wave, patience)
            self._note(outcome.acknowledged)
            if outcome.refused:
                self._hold(outcome.refused)
                return  # read again: successors of what is held now must not be sent
            if outcome.error:
                raise BrokerAway(outcome.error)
            if self.leases.seconds_left() < self.leases.seconds / 2:
                return

    def _note(self, acknowledged: Sequence[Row]) -> None:
        if acknowledged and not self._unmarked:
            self._mark_at = time.monotonic() + options().mark_after_seconds
        self._unmarked.update((row.id, row) for row in acknowledged)

    def _forget_lost(self) -> None:
        """What was sent under a lease that has ended is not ours to mark: others send it again."""
        before, epochs = self._unmarked_under, self.leases.epochs
        if epochs is not before:
            self._unmarked = {
                row.id: row
                for row in self._unmarked.values()
                if epochs.get(row.shard) == before.get(row.shard)
            }
            self._unmarked_under = epochs

    def _mark_when_due(self) -> None:
        """A durable marking takes longer than sending does: a steady trickle shares one."""
        if self._unmarked and (
            time.monotonic() >= self._mark_at or len(self._unmarked) >= MANY_UNMARKED
        ):
            self._mark()

    # Writing: fenced by the leases, whose rows stay locked until the commit

    def _shards_unmarked(self) -> set[int]:
        """Whoever got one of these now would send rows again."""
        return {row.shard for row in self._unmarked.values()}

    def _mark(self) -> None:
        self._mark_published(list(self._unmarked.values()))
        self._unmarked.clear()

    @unit_of_work
    def _mark_published(self, rows: Sequence[Row]) -> None:
        """Record acknowledgements, where the lease they were sent under is still ours."""
        ours = self.leases.still_held(row.shard for row in rows)
        ids = [row.id for row in rows if row.shard in ours]
        self._set_published(ids)

    @unit_of_work
    def _hold(self, refused: Sequence[tuple[Row, str]]) -> None:
        """Take rows that were refused for good out of the way, with what follows them."""
        ours = self.leases.still_held(row.shard for row, _ in refused)
        for row, error in refused:
            if row.shard not in ours:
                continue
            logger.error(
                "refused for good and held: %s %s#%s: %s", row.type, row.key, row.sequence, error
            )
            self._pending_among([row.id]).update(state=State.HELD, error=error[:200])
            OutboxEvent.objects.filter(
                key=row.key, sequence__gt=row.sequence, state=State.PENDING
            ).update(state=State.HELD, error=BEHIND)
            self._held_keys.add(row.key)

    @unit_of_work
    def _hold_behind(self, rows: Sequence[Row]) -> None:
        """Hold successors. Which keys are held is read again under the lock that replaying takes
        too, so that a key that is being replayed is not held anew."""
        ours = self.leases.still_held(row.shard for row in rows)
        self._held_keys = self._read_held_keys(self.leases.epochs)
        ids = [row.id for row in rows if row.shard in ours and row.key in self._held_keys]
        self._pending_among(ids).update(state=State.HELD, error=BEHIND)

    def _pending_among(self, ids: Sequence[int]) -> QuerySet[OutboxEvent]:
        return _pending(ids)

    def _set_published(self, ids: Sequence[int]) -> None:
        if ids:
            _publishing(len(ids)).later(**numbered("id", ids))


def _pending_of(shards: Collection[int]) -> "QuerySet[OutboxEvent, tuple[Any, ...]]":
    """What is to be published next of some shards."""
    pending = of_shards(OutboxEvent.objects.filter(state=State.PENDING), shards)
    most = options().relay_batch + MANY_UNMARKED
    return pending.order_by("id").values_list(*Row._fields)[:most]


def _held_keys_of(shards: Collection[int]) -> "QuerySet[OutboxEvent, tuple[Any, ...]]":
    """The keys of which something is held."""
    held = of_shards(OutboxEvent.objects.filter(state=State.HELD), shards)
    return held.values_list("key").distinct()


def _pending(ids: Sequence[int]) -> QuerySet[OutboxEvent]:
    return OutboxEvent.objects.filter(id__in=ids, state=State.PENDING)


@lru_cache(maxsize=256)
def _publishing(rows: int) -> Update:
    """The marking of so many rows."""
    pending = _pending(arguments(OutboxEvent, "id", rows))
    return Update(pending, state=State.PUBLISHED, published_at=Now())


def waves(batch: Iterable[Row]) -> list[list[Row]]:
    """Split rows so that no wave has a key twice and every key keeps its order."""
    split: list[list[Row]] = []
    depth: dict[str, int] = defaultdict(int)
    for row in batch:
        if depth[row.key] == len(split):
            split.append([])
        split[depth[row.key]].append(row)
        depth[row.key] += 1
    return split
