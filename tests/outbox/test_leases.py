"""Sharing out shards."""

import pytest

from outbox.leases import Leases
from outbox.models import SHARDS, Lease, Worker
from tests.outbox.factories import has_died

pytestmark = pytest.mark.django_db(transaction=True)


def some_leases() -> Leases:
    return Leases("tests", seconds=30)


def test_one_worker_takes_every_shard() -> None:
    leases = some_leases()
    leases.heartbeat()
    assert leases.shards == list(range(SHARDS))


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_workers_share_fairly_and_no_shard_has_two(workers: int) -> None:
    everyone = [some_leases() for _ in range(workers)]
    for _ in range(3):
        for leases in everyone:
            leases.heartbeat()
    held = [shard for leases in everyone for shard in leases.shards]
    assert sorted(held) == list(range(SHARDS))
    assert max(len(leases.shards) for leases in everyone) <= -(-SHARDS // workers)


def test_what_a_stopping_worker_gives_back_is_taken_at_the_next_heartbeat() -> None:
    stopping, staying = some_leases(), some_leases()
    stopping.heartbeat()
    staying.heartbeat()
    stopping.release()
    assert stopping.shards == []
    staying.heartbeat()
    assert len(staying.shards) == SHARDS


def test_what_another_gives_back_later_is_taken_at_the_next_heartbeat_too() -> None:
    early, late = some_leases(), some_leases()
    for _ in range(2):
        early.heartbeat()
        late.heartbeat()
    joining = some_leases()
    for leases in (joining, early, joining):
        leases.heartbeat()
    assert 0 < len(joining.shards) < SHARDS // 3
    late.heartbeat()
    joining.heartbeat()
    assert sum(len(leases.shards) for leases in (early, late, joining)) == SHARDS


def test_what_a_dead_worker_held_is_taken_when_it_has_run_out() -> None:
    dead, living = some_leases(), some_leases()
    dead.heartbeat()
    living.heartbeat()
    assert living.shards == []
    has_died(dead)
    living.heartbeat()
    assert len(living.shards) == SHARDS


def test_every_change_of_owner_raises_the_epoch() -> None:
    first, second = some_leases(), some_leases()
    first.heartbeat()
    before = dict(first.epochs)
    first.heartbeat()
    assert first.epochs == before
    first.release()
    second.heartbeat()
    assert all(second.epochs[shard] > epoch for shard, epoch in before.items())


def test_a_shard_that_was_lost_is_noticed_at_the_next_heartbeat() -> None:
    leases = some_leases()
    leases.heartbeat()
    Lease.objects.filter(group="tests", shard=7).update(owner="somebody", expires_at=None)
    leases.heartbeat()
    assert leases.shards == [shard for shard in range(SHARDS) if shard != 7]


def test_a_worker_whose_row_is_gone_announces_itself_at_the_next_heartbeat() -> None:
    leases = some_leases()
    leases.heartbeat()
    Worker.objects.all().delete()
    other = some_leases()
    other.heartbeat()
    leases.heartbeat()
    assert Worker.objects.filter(name=leases.owner).exists()
    assert len(leases.shards) == SHARDS // 2


def test_a_worker_that_cannot_reach_the_database_stops_working_in_time() -> None:
    leases = some_leases()
    leases.heartbeat()
    leases._valid_until = 0
    assert leases.shards == []


def test_a_shard_that_somebody_took_after_it_was_seen_free_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    holder, late = some_leases(), some_leases()
    holder.heartbeat()
    monkeypatch.setattr(late, "_free_shards", lambda: list(range(SHARDS)))
    late.heartbeat()
    assert late.shards == []
    holder.heartbeat()
    assert len(holder.shards) == SHARDS // 2


def test_groups_do_not_share() -> None:
    relay, operations = Leases("one", seconds=30), Leases("another", seconds=30)
    relay.heartbeat()
    operations.heartbeat()
    assert len(relay.shards) == len(operations.shards) == SHARDS
