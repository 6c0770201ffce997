"""Sharing out shards among worker processes, by lease rows on the database's clock.

Every worker announces itself with a row that expires; the shards are divided by the number of
live workers. A worker renews its leases at every heartbeat, gives back what is more than its
share, and takes what is free or expired. No database-specific locks are used, so that the same
code runs on MariaDB, Galera and SQLite.
"""

import os
import socket
import time
import uuid
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from functools import cached_property
from typing import Any, Final, TypeVar

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from outbox.models import SHARDS, Lease, Worker
from outbox.nudge import nudge
from outbox.prepared import Rows, Update, arguments, numbered
from outbox.transactions import LostRace, unit_of_work

M = TypeVar("M", bound=Model)
R = TypeVar("R")

HEARTBEATS_PER_LEASE: Final = 5
SHARE_AGAIN_SECONDS: Final = 5.0


def of_shards(rows: QuerySet[M, R], shards: Collection[int]) -> QuerySet[M, R]:
    """Those of some shards; of all of them, no shard is named."""
    return rows if len(shards) == SHARDS else rows.filter(shard__in=shards)


class OfShards:
    """A read of the shards that a worker holds, whose SQL is made anew when they change.

    Args:
        make: the queryset for some shards; of what does not change while the worker runs.
    """

    def __init__(self, make: Callable[[Collection[int]], QuerySet[Any, Any]]) -> None:
        self._make = make
        self._shards: list[int] = []
        self._rows: Rows | None = None

    def all(self, shards: list[int]) -> list[list[Any]]:
        """The rows of these shards; of none, there are none."""
        if not shards:
            return []
        if self._rows is None or shards != self._shards:
            self._rows, self._shards = Rows(self._make(shards)), shards
        return self._rows.all()


class Leases:
    """One worker's shards of a group.

    Args:
        group: what the shards are shared out for, such as "relay".
        seconds: how long a lease lasts without a heartbeat.
        address: where this worker hears nudges, or nothing.
        busy: which shards have work under way, and are not given back just now.
    """

    def __init__(
        self,
        group: str,
        *,
        seconds: float,
        address: str = "",
        busy: Callable[[], Collection[int]] = tuple,
    ) -> None:
        self.group = group
        self.seconds = seconds
        self.address = address
        self._busy = busy
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.epochs: dict[int, int] = {}
        self._valid_until = 0.0
        self._next_heartbeat = 0.0
        self._next_sharing = 0.0
        self._workers = 0
        self._lockings: dict[int, Rows] = {}  # by the number of shards

    @property
    def shards(self) -> list[int]:
        """The shards this worker may work on now: none once the leases may have run out."""
        return sorted(self.epochs) if self.are_valid() else []

    def are_valid(self) -> bool:
        """Whether the leases still hold, judged without the database by the monotonic clock,
        counted from before the last heartbeat was sent."""
        return time.monotonic() < self._valid_until

    def seconds_left(self) -> float:
        """How long the leases still hold."""
        return max(0.0, self._valid_until - time.monotonic())

    def keep(self) -> None:
        """Send a heartbeat when one is due."""
        if time.monotonic() >= self._next_heartbeat:
            self.heartbeat()

    def heartbeat(self) -> None:
        """Renew what is held; and when the workers have changed, or from time to time, give back
        what is too much and take what is free."""
        started = time.monotonic()
        if started >= self._next_sharing or not self._renew():
            self.epochs = self._share()
            self._next_sharing = started + (SHARE_AGAIN_SECONDS if self._is_settled() else 0)
        self._valid_until = started + self.seconds
        self._next_heartbeat = started + self.seconds / HEARTBEATS_PER_LEASE

    def release(self) -> None:
        """Give everything back and tell the others, so that they take over at once."""
        self._valid_until = 0.0
        self.epochs = {}
        self._give_back(None)
        Worker.objects.filter(name=self.owner).delete()
        nudge(self.group)

    def still_held(self, shards: Iterable[int]) -> set[int]:
        """Of these shards, those that are this worker's under the epochs it knows.

        Their lease rows stay locked until the end of the transaction: nobody can take them over
        before what was decided on them is committed.
        """
        wanted = set(shards)
        if not wanted:
            return set()
        now_held = self._locking(len(wanted)).all(**numbered("shard", wanted))
        return {shard for shard, epoch in now_held if self.epochs.get(shard) == epoch}

    def _locking(self, shards: int) -> Rows:
        """The look at so many of this worker's leases that locks their rows."""
        if shards not in self._lockings:
            mine = self._mine().filter(shard__in=arguments(Lease, "shard", shards))
            locked = mine.select_for_update().values_list("shard", "epoch")
            self._lockings[shards] = Rows(locked)
        return self._lockings[shards]

    @cached_property
    def _renewal(self) -> Update:
        mine = self._mine().filter(expires_at__gt=Now())
        return Update(mine, expires_at=self._end())

    @cached_property
    def _announcement(self) -> Update:
        return Update(Worker.objects.filter(name=self.owner), expires_at=self._end())

    @cached_property
    def _census(self) -> Rows:
        live = Worker.objects.filter(group=self.group, expires_at__gt=Now())
        return Rows(live.values_list("pk"))

    def _renew(self) -> bool:
        """Whether renewing was all there was to do."""
        if not self.epochs:
            return False
        try:
            workers = self._renewed()
        except LostRace:
            return False
        if workers != self._workers:
            return False
        # Others may have given back since: without a look their shards would rest for seconds.
        return len(self.epochs) >= self._fair_share() or not self._free_shards()

    @transaction.atomic
    def _renewed(self) -> int:
        """Renew everything in one commit; how many workers there are.

        Raises:
            LostRace: this worker is not known any more, or has lost a shard.
        """
        self._announcement.later(1, LostRace(f"{self.owner} is not known any more"))
        self._renewal.later(len(self.epochs), LostRace(f"{self.owner} has lost a shard"))
        return self._live_workers()

    @unit_of_work
    def _share(self) -> dict[int, int]:
        if not self._announcement.run():
            self._join()
        Worker.objects.filter(group=self.group, expires_at__lte=Now()).delete()
        self._workers = self._live_workers()
        share = self._fair_share()
        self._renewal.run()
        held = self._held()
        if len(held) > share:
            idle = sorted(set(held) - set(self._busy()))
            self._give_back(idle[: len(held) - share])
        elif len(held) < share:
            self._take(self._free_shards()[: share - len(held)])
        return self._held()

    def _is_settled(self) -> bool:
        """Whether nothing is on its way from one worker to another."""
        return len(self.epochs) <= self._fair_share() and not self._free_shards()

    def _fair_share(self) -> int:
        return -(-SHARDS // max(1, self._workers))

    def _join(self) -> None:
        Worker.objects.create(
            group=self.group, name=self.owner, address=self.address, expires_at=self._end()
        )
        if Lease.objects.filter(group=self.group).count() < SHARDS:
            Lease.objects.bulk_create(
                (Lease(group=self.group, shard=shard) for shard in range(SHARDS)),
                ignore_conflicts=True,
            )
        nudge(self.group)

    def _take(self, shards: list[int]) -> None:
        """Take what is free; the condition is in the UPDATE, since others are taking too."""
        self._free().filter(shard__in=shards).update(
            owner=self.owner, epoch=F("epoch") + 1, expires_at=self._end()
        )

    def _give_back(self, shards: list[int] | None) -> None:
        mine = self._mine() if shards is None else self._mine().filter(shard__in=shards)
        mine.update(owner="", expires_at=None)

    def _end(self) -> CombinedExpression:
        """When what is leased now runs out, on the database's clock."""
        return Now() + timedelta(seconds=self.seconds)

    def _live_workers(self) -> int:
        return len(self._census.all())

    def _mine(self) -> QuerySet[Lease]:
        return Lease.objects.filter(group=self.group, owner=self.owner)

    def _free(self) -> QuerySet[Lease]:
        free = Q(owner="") | Q(expires_at__lte=Now())
        return Lease.objects.filter(free, group=self.group)

    def _held(self) -> dict[int, int]:
        return dict(self._mine().filter(expires_at__gt=Now()).values_list("shard", "epoch"))

    def _free_shards(self) -> list[int]:
        return list(self._free().order_by("shard").values_list("shard", flat=True))
