"""The engine under everything that can happen to it, in any order Hypothesis thinks of.

Two relays and a consumer work on real tables and an in-memory cluster. They are killed at any
point, stalled beyond their leases, overtaken by others between two statements; the broker loses,
repeats, mislays and refuses; handlers fail; operators replay and discard. After every step nothing
may be lost, done twice or out of order; at the end, when everything has been mended, per key the
effects are exactly the committed events less those that were given up.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from enum import Enum
from functools import partial
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.test import override_settings
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from outbox import events, operators
from outbox.batches import Batch
from outbox.cloudevents import DISCARDED
from outbox.consumer import Consumer
from outbox.events import RELAY, OutsideTransaction
from outbox.kafka import BrokerAway
from outbox.models import (
    SHARDS,
    AuditEntry,
    ConsumerStart,
    HeldMessage,
    InboxMark,
    Lease,
    OutboxEvent,
    Worker,
    shard_of,
)
from outbox.operators import NotFirst, NotHeld
from outbox.relay import BEHIND, Relay
from outbox.transactions import LostRace, unit_of_work
from tests.outbox.cluster import Cluster, ClusterConsumer, ClusterPublisher, Fate, sequence_of
from tests.outbox.factories import has_died
from tests.outbox.interruptions import Crash, Interruption, Kind, Points
from tests.outbox.settings import OUTBOX
from tests.outbox.shop.events import OrderPlaced, OrderShipped
from tests.outbox.shop.models import Effect, Order

# Nothing happens because time passes: rules make it pass.
OPTIONS: Final = {
    **OUTBOX,
    "CONSUMERS": {
        "effects": {
            "topics": ["shop.events"],
            "handlers": "tests.outbox.test_state_machine.HANDLERS",
        }
    },
    "LEASE_SECONDS": 100_000,
    "RELAY_BATCH": 6,
    "CONSUMER_BATCH": 4,
    "NUDGE_LISTEN": "",
}
WHO: Final = {"actor": "anna", "reason": "mended"}
MANY_ROUNDS: Final = 60
ROUNDS_OF_SHARING: Final = 3

State = OutboxEvent.State

# The amounts of the orders that the handler fails for.
failing: set[int] = set()


def handle(placed: OrderPlaced) -> None:
    """Write the effect, and only then fail."""
    Effect.objects.create(text=f"{placed.note} {placed.amount}")
    if placed.amount in failing:
        raise ValueError(f"{placed.amount} is not for me")


HANDLERS: Final = {OrderPlaced.type: handle}


def key_in(shards: range) -> str:
    """An order's id in one of these shards."""
    ids = (str(UUID(int=number)) for number in range(1, 10_000))
    return next(id for id in ids if shard_of(id) in shards)


# Two relays share 64 shards: a key of the one's, a key of the other's.
KEYS: Final = [key_in(range(32)), key_in(range(32, 64))]


TABLES: Final = (
    OutboxEvent,
    InboxMark,
    HeldMessage,
    Lease,
    Worker,
    ConsumerStart,
    AuditEntry,
    Effect,
    Order,
)

OUTGOING: Final = ["replay outgoing", "discard outgoing"]
INCOMING: Final = ["replay incoming", "discard incoming"]
OPERATIONS: Final = OUTGOING + INCOMING
MEANWHILE: Final = ["overtake", "append", "mend and overtake", *OPERATIONS]


class What(Enum):
    """What an event is, and where it will fail."""

    APPLIED = "the consumer handles it"
    UNHANDLED = "the consumer does not handle its type"
    REFUSED = "the broker refuses it for good"
    FAILING = "the consumer's handler fails"


keys = st.sampled_from(KEYS)
whats = st.lists(st.sampled_from(What), min_size=1, max_size=3)
relays = partitions = st.integers(0, 1)
fates = st.lists(st.sampled_from(Fate), max_size=4)
some_interruption = st.builds(
    Interruption,
    kind=st.sampled_from(Kind),
    after=st.integers(0, 6) | st.integers(0, 25),
    meanwhile=st.sampled_from(MEANWHILE),
)
interruptions = st.none() | some_interruption
soon, within = st.integers(0, 4), st.integers(0, 12)

# What the machine runs in, set up by `surroundings`.
current: dict[str, Any] = {}


class WatchedRelay(Relay):
    """A relay that is caught marking or holding what is not its own any more."""

    def __init__(self, cluster: Cluster, points: Points) -> None:
        super().__init__(ClusterPublisher(cluster, self._may_send))
        self._points = points

    def _may_send(self) -> bool:
        return self.leases.are_valid()

    def _set_published(self, ids: Sequence[int]) -> None:
        self._must_be_its_own(ids)
        super()._set_published(ids)

    def _pending_among(self, ids: Sequence[int]) -> QuerySet[OutboxEvent]:
        self._must_be_its_own(ids)
        return super()._pending_among(ids)

    def _must_be_its_own(self, ids: Sequence[int]) -> None:
        with self._points.uninterrupted():
            held = Lease.objects.filter(group=RELAY, owner=self.leases.owner)
            mine = set(held.values_list("shard", "epoch")) & set(self.leases.epochs.items())
            touched = OutboxEvent.objects.filter(id__in=ids).values_list("shard", flat=True)
            assert set(touched) <= {shard for shard, _ in mine}, "a relay touched another's rows"


class Engine(RuleBasedStateMachine):
    """The engine, and what should be true of it."""

    def __init__(self) -> None:
        super().__init__()
        self.points = current["points"]
        self.cluster = Cluster(point=self.points.at_broker)
        current["cluster"] = self.cluster
        failing.clear()
        # Per key, the committed events' amounts in order; None for an event nobody handles.
        self.events: dict[str, list[int | None]] = {key: [] for key in KEYS}
        # An operator's process has died or lost its database, perhaps with work left to do.
        self.was_left = False
        self.given_up: set[tuple[str, int]] = set()
        # Events of keys that were held already when these were committed.
        self.came_behind: set[tuple[str, int]] = set()
        # What the broker has ever refused, and what the handler has ever failed for.
        self.refused: set[int] = set()
        self.failed: set[int] = set()
        self.garbage = 0
        self.last_amount = 0
        self.relays = [self.a_relay(), self.a_relay()]
        self.consumer = Consumer("effects")

    def teardown(self) -> None:
        """Let everything come to rest, twice: by itself, then mended by operators."""
        try:
            self.cluster.fates.clear()
            self.cluster.find()
            self.share_until_settled()
            self.come_to_rest()
            self.what_is_always_true_is_true_now()
            self.everything_went_as_far_as_it_could()
            self.mend()
            self.replay_everything()
            self.come_to_rest()
            self.what_is_always_true_is_true_now()
            self.everything_is_done()
        finally:
            for model in TABLES:
                model.objects.all().delete()

    # What is done

    @initialize()
    def share_the_shards(self) -> None:
        """Half for each relay."""
        for relay in self.relays * 2:
            relay.leases.heartbeat()

    @rule(key=keys, whats=whats)
    def commit(self, key: str, whats: list[What]) -> None:
        """Append in one transaction."""
        payloads = [self.payload(key, what) for what in whats]
        before = len(self.events[key])
        try:
            add(key, payloads)
        except (IntegrityError, LostRace, OperationalError) as error:
            raise AssertionError("an append that had lost to nobody was refused") from error
        self.events[key] += [getattr(payload, "amount", None) for payload in payloads]
        if OutboxEvent.objects.filter(key=key, state=State.HELD).exists():
            self.came_behind |= {(key, before + number) for number in range(1, len(whats) + 1)}

    @rule(key=keys, whats=whats, after=soon)
    def commit_after_a_deadlock(self, key: str, whats: list[What], after: int) -> None:
        """The transaction is rolled back and tried again."""
        deadlock = Interruption(Kind.DEADLOCK, after)
        self.points.run(lambda: self.commit(key, whats), deadlock, lambda name: None)

    @rule(key=keys, whats=whats, fates=fates, relay=interruptions, consumer=interruptions)
    def commit_send_and_consume(
        self,
        key: str,
        whats: list[What],
        fates: list[Fate],
        relay: Interruption | None,
        consumer: Interruption | None,
    ) -> None:
        """The way of every event."""
        self.commit_and_send(key, whats, fates, relay)
        self.consumer_step(self.partition_of(key), consumer)

    @rule(
        key=keys,
        behind=whats,
        later=whats,
        acts=st.none() | st.sampled_from(OUTGOING),
        last=st.booleans(),
        mended=st.booleans(),
        after=soon,
        meanwhile=st.none() | st.sampled_from(OUTGOING),
    )
    def what_is_refused(
        self,
        key: str,
        behind: list[What],
        later: list[What],
        acts: str | None,
        last: bool,
        mended: bool,
        after: int,
        meanwhile: str | None,
    ) -> None:
        """The way of an event that is held, with what comes behind it and an operator."""
        owner = self.owner_of(key)
        self.commit(key, [What.REFUSED, *behind])
        self.relay_step(owner, [], None)
        self.commit(key, later)
        if acts is not None:
            self.an_operator_acts(acts, last, mended, None)
        during = Interruption(Kind.MEANWHILE, after, meanwhile) if meanwhile else None
        self.relay_step(owner, [], during)
        self.relay_step(owner, [], None)

    @rule(key=keys, whats=whats, after=soon, fates=st.sampled_from([[], [Fate.LOST] * 2]))
    def a_relay_is_overtaken(
        self, key: str, whats: list[What], after: int, fates: list[Fate]
    ) -> None:
        """At its work, and the other takes over."""
        owner = self.owner_of(key)
        self.relay_step(owner, [], None)
        self.commit(key, whats)
        overtaken = Interruption(Kind.MEANWHILE, after, "overtake")
        self.relay_step(owner, fates, overtaken)

    @rule(key=keys, whats=whats, first=st.sampled_from(What))
    def a_shard_goes_and_comes_back(self, key: str, whats: list[What], first: What) -> None:
        """One relay sleeps; another does its work and dies; the first wakes up."""
        owner = self.owner_of(key)
        self.relay_step(owner, [], None)
        self.leases_run_out(owner)
        self.commit(key, [first, *whats])
        self.relay_step(1 - owner, [], None)
        self.leases_run_out(1 - owner)
        self.commit(key, whats)
        self.relay_step(owner, [], None)

    @rule(
        key=keys,
        behind=whats,
        consumer=interruptions,
        back=st.integers(0, 3),
        mended=st.booleans(),
        name=st.sampled_from(INCOMING),
        last=st.booleans(),
        operator=interruptions,
    )
    def what_fails(
        self,
        key: str,
        behind: list[What],
        consumer: Interruption | None,
        back: int,
        mended: bool,
        name: str,
        last: bool,
        operator: Interruption | None,
    ) -> None:
        """The way of a message that is held, comes again, and of an operator."""
        self.commit_send_and_consume(key, [What.FAILING, *behind], [], None, consumer)
        if mended:
            self.mend()
        self.the_consumer_is_restarted(self.partition_of(key), back)
        self.commit_send_and_consume(key, [What.APPLIED], [], None, None)
        self.an_operator_acts(name, last, mended, operator)
        self.consumer_step(self.partition_of(key), None)

    @rule(key=keys, count=st.integers(2, 4), died=st.none() | st.integers(0, 15))
    def a_gap_closes(self, key: str, count: int, died: int | None) -> None:
        """The way of messages of which the first comes last, perhaps to a consumer that dies."""
        partition = self.partition_of(key)
        self.commit_and_send(key, [What.APPLIED] * count)
        self.a_message_is_mislaid(partition, count)
        self.consumer_step(partition, None)
        self.cluster.find()
        self.consumer_step(partition, None if died is None else Interruption(Kind.CRASH, died))
        self.commit_send_and_consume(key, [What.APPLIED], [], None, None)

    @rule(key=keys, behind=whats, after=soon)
    def a_consumer_is_overtaken(self, key: str, behind: list[What], after: int) -> None:
        """At a message that fails, by one for which it does not."""
        overtaken = Interruption(Kind.MEANWHILE, after, "mend and overtake")
        self.commit_send_and_consume(key, [What.FAILING, *behind], [], None, overtaken)

    @rule(
        key=keys,
        name=st.sampled_from(INCOMING),
        last=st.booleans(),
        kind=st.none() | st.sampled_from([Kind.MEANWHILE, Kind.CRASH]),
        after=within,
        meanwhile=st.sampled_from(INCOMING),
    )
    def an_operator_is_interrupted(
        self, key: str, name: str, last: bool, kind: Kind | None, after: int, meanwhile: str
    ) -> None:
        """At a held message, by another operator at the same one or for good."""
        self.commit_send_and_consume(key, [What.FAILING, What.APPLIED], [], None, None)
        interruption = Interruption(kind, after, meanwhile) if kind else None
        self.an_operator_acts(name, last, True, interruption)

    @rule(
        key=keys,
        whats=st.sampled_from([[What.APPLIED], [What.APPLIED, What.FAILING]]),
        kind=st.sampled_from([Kind.DEADLOCK, Kind.AWAY]),
        after=within,
    )
    def a_consumer_is_interrupted(
        self, key: str, whats: list[What], kind: Kind, after: int
    ) -> None:
        """In the transaction of the effects, when what had failed before is mended."""
        self.an_operator_acts("replay incoming", False, True, None)
        self.commit_send_and_consume(key, whats, [], None, Interruption(kind, after))

    @rule(key=keys, count=st.integers(1, 2))
    def roll_back(self, key: str, count: int) -> None:
        """Append, and take it back."""
        payloads = [self.payload(key, What.APPLIED) for _ in range(count)]
        with pytest.raises(ZeroDivisionError):
            add(key, payloads, error=ZeroDivisionError())

    @precondition(lambda self: any(self.events.values()))
    @rule(key=keys)
    def append_to_what_somebody_else_has_appended_to(self, key: str) -> None:
        """Append with what was read before another's append."""
        if not self.events[key]:
            return
        stale = Order.objects.get(pk=key)
        self.commit(key, [What.APPLIED])
        with pytest.raises((LostRace, IntegrityError)) as lost, transaction.atomic():
            events.append(stale, self.payload(key, What.APPLIED))
        assert lost.type is LostRace, "whoever lost a race was not told so"

    @rule(key=keys)
    def append_outside_a_transaction(self, key: str) -> None:
        """Append where a failure could not take it back."""
        if order := Order.objects.filter(pk=key).first():
            with suppress(OutsideTransaction):
                events.append(order, self.payload(key, What.APPLIED))

    @rule(which=relays, fates=fates, interruption=interruptions)
    def relay_step(self, which: int, fates: list[Fate], interruption: Interruption | None) -> None:
        """One batch of one relay."""
        self.cluster.fates = list(fates)
        relay, other = self.relays[which], self.relays[1 - which]
        try:
            self.step(relay.run_once, interruption, lambda: self.overtake(relay, other))
        except Crash:
            event("a relay was killed")
            self.leases_run_out(which)
            self.relays[which] = self.a_relay()
        self.cluster.fates = []

    @rule(which=relays, what=st.sampled_from(["heartbeat", "sharing", "held keys", "leases"]))
    def time_passes(self, which: int, what: str) -> None:
        """Something is due in the relay's next step, or its leases have run out."""
        relay = self.relays[which]
        if what == "leases":
            self.leases_run_out(which)
        elif what == "held keys":
            relay._next_look_for_held = 0
        else:
            relay.leases._next_heartbeat = 0
            relay.leases._next_sharing *= what == "heartbeat"

    @rule(which=relays)
    def a_relay_is_restarted(self, which: int) -> None:
        """An orderly stop and a start."""
        self.relays[which].close()
        self.relays[which] = self.a_relay()
        self.share_again(self.relays[1 - which])

    @rule(turn=partitions, interruption=interruptions)
    def consumer_step(self, turn: int, interruption: Interruption | None) -> None:
        """One batch of the consumer."""
        self.cluster.turn = turn
        failed = HeldMessage.objects.filter(reason=HeldMessage.Reason.FAILED)
        waiting_for_an_operator = set(failed.values_list("pk", flat=True))
        try:
            self.step(self.consumer.run_once, interruption, self.consume_elsewhere)
        except Crash:
            event("a consumer was killed")
            self.consumer = Consumer("effects")
        if interruption is None or interruption.meanwhile not in OPERATIONS:
            left = HeldMessage.objects.filter(pk__in=waiting_for_an_operator)
            assert left.count() == len(waiting_for_an_operator), "no operator had decided"

    @rule(partition=partitions, back=st.integers(0, 6))
    def the_consumer_is_restarted(self, partition: int, back: int) -> None:
        """It goes on from what was committed; the last commits may have been lost."""
        committed = self.cluster.committed
        committed[partition] = max(0, committed[partition] - back)
        self.consumer = Consumer("effects")

    @rule(partition=partitions, back=st.integers(1, 4))
    def a_message_is_mislaid(self, partition: int, back: int) -> None:
        """One that nobody has read yet."""
        messages = self.cluster.log[partition]
        offset = len(messages) - back
        read = max(self.cluster.committed[partition], self.consumer_position(partition))
        if offset >= read and (message := messages[offset]) and sequence_of(message):
            self.cluster.mislay(partition, offset)

    @precondition(lambda self: self.cluster.mislaid)
    @rule()
    def what_was_mislaid_is_found(self) -> None:
        """It comes late."""
        self.cluster.find()

    @rule(key=keys)
    def garbage_comes(self, key: str) -> None:
        """A message that is no event."""
        self.cluster.store(key.encode(), b"garbage", [])
        self.garbage += 1

    @rule(
        name=st.sampled_from(OPERATIONS),
        last=st.booleans(),
        mended=st.booleans(),
        interruption=interruptions,
    )
    def an_operator_acts(
        self, name: str, last: bool, mended: bool, interruption: Interruption | None
    ) -> None:
        """On what is held, perhaps after the reason was mended."""
        if mended:
            self.mend()
        try:
            act = partial(self.operate, name, last=last)
            self.was_left |= not self.step(act, interruption, self.consume_elsewhere)
        except Crash:
            self.was_left = True
            event("an operator's process was killed")

    # What is always true

    @invariant()
    def first_occurrences_at_the_broker_are_in_order(self) -> None:
        """Whatever else is on the topic."""
        for key in KEYS:
            first = list(self.cluster.first_types(key))
            assert first == list(range(1, len(first) + 1)), "out of order at the broker"

    @invariant()
    def no_event_is_lost_or_invented(self) -> None:
        """The table has what was committed, and the broker what is marked."""
        stored: dict[str, list[tuple[int, str]]] = {key: [] for key in KEYS}
        for key, sequence, state in OutboxEvent.objects.order_by("key", "sequence").values_list(
            "key", "sequence", "state"
        ):
            stored[key].append((sequence, state))
        for key in KEYS:
            sequences = [sequence for sequence, _ in stored[key]]
            committed = list(range(1, len(self.events[key]) + 1))
            assert sequences == committed, "the table has not what was committed"
            published = {seq for seq, state in stored[key] if state == State.PUBLISHED}
            assert published <= set(self.cluster.first_types(key)), "marked, never sent"

    @invariant()
    def effects_are_those_of_the_applied_events_once_and_in_order(self) -> None:
        """Up to each key's mark, at any time."""
        done = effects()
        for key, mark in marks().items():
            assert done[key] == self.expected(key, mark), "effects"

    @invariant()
    def what_is_held_has_not_been_applied(self) -> None:
        """A held message is beyond its key's mark."""
        applied = marks()
        held = HeldMessage.objects.exclude(key="").values_list("key", "sequence")
        for key, sequence in held:
            assert (sequence or 0) > applied[key], "held, but applied"
        assert len(held) == len(set(held)), "held twice"

    @invariant()
    def nothing_is_held_that_had_no_reason_to_be(self) -> None:
        """Only what was refused or has failed, and what is behind it."""
        held = OutboxEvent.objects.filter(state=State.HELD).exclude(error=BEHIND)
        for key, sequence in held.values_list("key", "sequence"):
            assert self.events[key][sequence - 1] in self.refused, "held for no reason"
        failed = HeldMessage.objects.filter(reason=HeldMessage.Reason.FAILED)
        for message in failed:
            amount = self.events[message.key][(message.sequence or 0) - 1]
            assert amount in self.failed, "held for no reason"

    @invariant()
    def successors_are_held_with_their_event(self) -> None:
        """All but those that were committed later; they join at the relay's next step."""
        rows = OutboxEvent.objects.order_by("sequence").values_list("key", "sequence", "state")
        held: set[str] = set()
        for key, sequence, state in rows:
            if state == State.HELD:
                held.add(key)
            elif key in held:
                assert state == State.PENDING, "overtook what is held"
                assert (key, sequence) in self.came_behind, "not held with its predecessor"

    @invariant()
    def a_shard_has_one_relay(self) -> None:
        """At any time, as far as the relays know."""
        one, other = (set(relay.leases.shards) for relay in self.relays)
        assert not one & other, "two relays own a shard"

    @invariant()
    def what_the_consumer_is_through_with_is_applied_or_held(self) -> None:
        """Offsets are behind the database."""
        applied, held = marks(), held_incoming()
        for message in self.cluster.settled():
            found = sequence_of(message)
            if found is not None:
                key, sequence = found
                assert sequence <= applied[key] or found in held, "lost between broker and database"

    # How it is done

    def a_relay(self) -> Relay:
        """A relay that has just been started."""
        return WatchedRelay(self.cluster, self.points)

    def commit_and_send(
        self,
        key: str,
        whats: list[What],
        fates: Sequence[Fate] = (),
        relay: Interruption | None = None,
    ) -> None:
        """Append, and have both relays do a batch."""
        self.commit(key, whats)
        owner = self.owner_of(key)
        self.relay_step(owner, list(fates), relay)
        self.relay_step(1 - owner, [], None)

    def owner_of(self, key: str) -> int:
        """The relay that has the key, as far as it knows."""
        return int(shard_of(key) in self.relays[1].leases.epochs)

    def partition_of(self, key: str) -> int:
        """Where the key's messages are."""
        return self.cluster.partition_of(key.encode())

    def consumer_position(self, partition: int) -> int:
        """How far the consumer has read."""
        kafka: Any = self.consumer._kafka
        return int(kafka.positions[partition])

    def payload(self, key: str, what: What) -> OrderPlaced | OrderShipped:
        """A new event."""
        if what is What.UNHANDLED:
            return OrderShipped()
        self.last_amount += 1
        if what is What.REFUSED:
            self.cluster.refused.add(self.last_amount)
            self.refused.add(self.last_amount)
        if what is What.FAILING:
            failing.add(self.last_amount)
            self.failed.add(self.last_amount)
        return OrderPlaced(amount=self.last_amount, note=key)

    def step(
        self,
        step: Callable[[], object],
        interruption: Interruption | None,
        overtake: Callable[[], None],
    ) -> bool:
        """A step as the loop of a worker takes it; whether it went through."""
        try:
            self.points.run(step, interruption, lambda name: self.meanwhile(name, overtake))
        except (BrokerAway, LostRace, OperationalError) as error:
            event(f"{type(error).__name__} in a step")
            return False
        return True

    def meanwhile(self, name: str, overtake: Callable[[], None]) -> None:
        """What others do while a process is between two of its statements."""
        event(f"meanwhile: {name}")
        if name == "mend and overtake":
            self.mend()
        if name.endswith("overtake"):
            overtake()
        elif name == "append":
            for key in KEYS:
                self.commit(key, [What.APPLIED])
        else:
            self.operate(name, last=False)

    def overtake(self, relay: Relay, other: Relay) -> None:
        """The relay stands still until its leases have run out and another has done its work."""
        self.leases_run_out(self.relays.index(relay))
        for _ in range(2):
            self.step(other.run_once, None, lambda: None)

    def consume_elsewhere(self) -> None:
        """Another process of the group is given the partitions."""
        other = Consumer("effects")
        self.step(other.run_once, None, lambda: None)

    def operate(self, name: str, *, last: bool) -> None:
        """Do what the name says."""
        if name.endswith("outgoing"):
            self.operate_outgoing(name, last=last)
        else:
            self.operate_incoming(name, last=last)

    def operate_outgoing(self, name: str, *, last: bool) -> None:
        """Replay or discard held events, if there are any."""
        with self.points.uninterrupted():
            held = list(OutboxEvent.objects.filter(state=State.HELD).order_by("key", "sequence"))
        if not held:
            return
        event(name)
        try:
            if name == "replay outgoing":
                operators.replay_outgoing(held[-int(last)].key, **WHO)
            else:
                self.discard_outgoing(held[-int(last)])
        except NotHeld:
            event(f"{name}: somebody else was first")

    def discard_outgoing(self, row: OutboxEvent) -> None:
        """Discard, which decides nothing about others that were refused."""
        with self.points.uninterrupted():
            rows = OutboxEvent.objects.filter(key=row.key, state=State.HELD).exclude(pk=row.pk)
            refused = set(rows.exclude(error=BEHIND).values_list("pk", flat=True))
        operators.discard_outgoing(row, **WHO)
        with self.points.uninterrupted():
            still = OutboxEvent.objects.filter(pk__in=refused, state=State.HELD)
            assert still.count() == len(refused), "no operator had decided"

    def operate_incoming(self, name: str, *, last: bool) -> None:
        """Replay or discard a held message, if there is one."""
        with self.points.uninterrupted():
            held = list(HeldMessage.objects.exclude(key="").order_by("key", "sequence"))
        if not held:
            return
        event(name)
        if name == "replay incoming":
            operators.replay_incoming(held[-int(last)], **WHO)
        else:
            self.discard_incoming(held[-int(last)])

    def discard_incoming(self, row: HeldMessage) -> None:
        """Discard, and remember what was given up, if it was."""
        try:
            operators.discard_incoming(row, **WHO)
        except (NotHeld, NotFirst):
            event("discard incoming: somebody else was first")
            return
        finally:
            with self.points.uninterrupted():
                discarded = AuditEntry.objects.filter(
                    action=AuditEntry.Action.DISCARD, subject=f"effects {row}"
                )
                if discarded.exists():
                    self.given_up |= {(row.key, number) for number in current["skipped"][row.pk]}

    def mend(self) -> None:
        """Nobody refuses or fails any more."""
        self.cluster.refused.clear()
        failing.clear()

    def replay_everything(self) -> None:
        """An operator who trusts that everything is mended."""
        held = OutboxEvent.objects.filter(state=State.HELD)
        for key in list(held.values_list("key", flat=True).distinct()):
            operators.replay_outgoing(key, **WHO)
        for row in first_held():
            operators.replay_incoming(row, **WHO)

    def leases_run_out(self, which: int) -> None:
        """On the database's clock and on the relays' own; the other one renews its own, and sees
        what it can take, at its next step."""
        current["now"] += OPTIONS["LEASE_SECONDS"]
        has_died(self.relays[which].leases)
        self.share_again(self.relays[1 - which])

    def share_again(self, relay: Relay) -> None:
        """Have the relay see who else there is."""
        relay.leases._next_heartbeat = relay.leases._next_sharing = 0

    def share_until_settled(self) -> None:
        """Have both relays see each other, and what is held."""
        for _ in range(ROUNDS_OF_SHARING):
            for relay in self.relays:
                self.share_again(relay)
                relay.leases.keep()
                relay._next_look_for_held = 0
            if sum(len(relay.leases.epochs) for relay in self.relays) == SHARDS:
                return
        raise AssertionError("shards without a relay")

    def come_to_rest(self) -> None:
        """Work until there is none: every round does some, as long as there is."""
        self.consumer = Consumer("effects")
        if self.was_left:
            self.consumer._next_look_for_left = 0
        work = sum(map(len, self.events.values())) + sum(map(len, self.cluster.log.values()))
        for _ in range(MANY_ROUNDS + work):
            before = dict(self.cluster.committed)
            for relay in self.relays:
                relay._mark_at = 0
            worked = [relay.run_once() for relay in self.relays]
            self.consumer._next_telling = 0
            self.consumer.run_once()
            if not any(worked) and before == self.cluster.committed:
                return
        raise AssertionError("it does not come to rest")

    def what_is_always_true_is_true_now(self) -> None:
        """Where the end has steps of its own."""
        for promise in self.invariants:
            promise.function(self)

    def everything_went_as_far_as_it_could(self) -> None:
        """Only what is refused, fails, or is behind such an event has not been applied."""
        held = {key for key, _ in held_incoming()}
        first = {row.key: row.reason for row in first_held()}
        for key in KEYS:
            rows = OutboxEvent.objects.filter(key=key)
            assert not rows.filter(state=State.PENDING).exists(), "not sent"
            refused = rows.filter(state=State.HELD).exclude(error=BEHIND)
            held_back = rows.filter(state=State.HELD)
            assert refused.exists() or not held_back.exists(), "held behind nothing"
            assert key not in held or first[key] == HeldMessage.Reason.FAILED, "not drained"
            if key not in held:
                assert marks()[key] == len(self.cluster.first_types(key)), "not applied"
        unreadable = HeldMessage.objects.filter(reason=HeldMessage.Reason.MALFORMED)
        assert unreadable.count() == self.garbage, "not held, or held twice"

    def everything_is_done(self) -> None:
        """Per key: the effects of the committed events less those given up, once, in order."""
        done, reached = effects(), marks()
        for key in KEYS:
            count = len(self.events[key])
            assert len(self.cluster.first_types(key)) == count, "never sent"
            assert reached[key] == count, "never applied"
            assert done[key] == self.expected(key, count), "effects"
        assert not OutboxEvent.objects.exclude(state=State.PUBLISHED).exists(), "never marked"
        assert held_incoming() == set(), "held for ever"

    def expected(self, key: str, mark: int) -> list[int]:
        """The effects of a key up to a mark."""
        first = self.cluster.first_types(key)
        return [
            amount
            for sequence, amount in enumerate(self.events[key][:mark], 1)
            if amount is not None
            and first.get(sequence) != DISCARDED
            and (key, sequence) not in self.given_up
        ]


@unit_of_work
def add(
    key: str, payloads: Sequence[OrderPlaced | OrderShipped], error: Exception | None = None
) -> None:
    """Append to an order, made with its first event, and fail afterwards if there is an error."""
    order = Order.objects.filter(pk=key).first() or Order(pk=UUID(key))
    events.append(order, *payloads)
    if order._state.adding:
        order.save()
    if error is not None:
        raise error


def effects() -> dict[str, list[int]]:
    """What handlers have done, per key, in order."""
    done: dict[str, list[int]] = {key: [] for key in KEYS}
    for text in Effect.objects.order_by("id").values_list("text", flat=True):
        key, amount = text.split()
        done[key].append(int(amount))
    return done


def marks() -> dict[str, int]:
    """Per key, the last sequence that was applied."""
    return dict.fromkeys(KEYS, 0) | dict(InboxMark.objects.values_list("key", "sequence"))


def held_incoming() -> set[tuple[str, int]]:
    """The keys and sequences of held messages that can be read."""
    rows = HeldMessage.objects.exclude(key="").values_list("key", "sequence")
    return {(key, sequence) for key, sequence in rows if sequence is not None}


def first_held() -> list[HeldMessage]:
    """The first held message of each key."""
    first: dict[str, HeldMessage] = {}
    for row in HeldMessage.objects.exclude(key="").order_by("key", "sequence"):
        first.setdefault(row.key, row)
    return list(first.values())


def check(machine: type[Engine] = Engine, **changes: Any) -> None:
    """Run the machine, under Hypothesis' settings with these changes."""
    usual = settings(deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=settings(usual, **changes))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database whose statements are points, a cluster for Kafka, and clocks that stand still."""
    monkeypatch.setattr("outbox.relay.LOOK_FOR_HELD_SECONDS", 100_000)
    monkeypatch.setattr("outbox.leases.SHARE_AGAIN_SECONDS", 100_000)
    monkeypatch.setattr("outbox.consumer.COMPANY_SECONDS", 0)
    monkeypatch.setattr("outbox.consumer.TELL_SECONDS", 0)
    monkeypatch.setattr("outbox.leases.time", SimpleNamespace(monotonic=lambda: current["now"]))
    current["now"] = 1.0
    current["skipped"] = {}
    monkeypatch.setattr(
        "outbox.consumer.KafkaConsumer", lambda _: ClusterConsumer(current["cluster"])
    )
    skip = Batch.skip

    def skip_and_tell(batch: Batch, row: HeldMessage) -> None:
        with points.uninterrupted():
            current["skipped"][row.pk] = range(marks()[row.key] + 1, (row.sequence or 0) + 1)
        skip(batch, row)

    monkeypatch.setattr(Batch, "skip", skip_and_tell)
    logging.disable(logging.CRITICAL)
    points = Points()
    with override_settings(OUTBOX=OPTIONS), points.installed():
        current["points"] = points
        yield
    logging.disable(logging.NOTSET)


@pytest.mark.django_db(transaction=True)
def test_effects_are_exactly_the_committed_events_once_and_in_order() -> None:
    examples = 30 if connection.vendor == "sqlite" else 6
    check(max_examples=examples, stateful_step_count=30, derandomize=True)


@pytest.mark.django_db(transaction=True)
def test_the_same_is_true_of_who_marks_later_and_tells_the_broker_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("outbox.consumer.TELL_SECONDS", 100_000)
    examples = 30 if connection.vendor == "sqlite" else 6
    with override_settings(OUTBOX={**OPTIONS, "MARK_AFTER_SECONDS": 100_000}):
        check(max_examples=examples, stateful_step_count=30, derandomize=True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_effects_are_exactly_the_committed_events_for_many_more_runs() -> None:
    check(max_examples=120 if connection.vendor == "sqlite" else 25, stateful_step_count=50)
