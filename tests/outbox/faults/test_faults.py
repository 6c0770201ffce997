"""Everything breaks, one thing after the other, while events are appended; then the books are read.

The order of the faults and the load are drawn from a seed, which is printed. The same can be asked
for again by FAULTS_SEED, as far as processes and networks repeat themselves.
"""

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from dev.folders import private_folder
from dev.proxy import Proxy
from tests.outbox.faults.checker import Report, check
from tests.outbox.faults.evidence import read_history
from tests.outbox.faults.system import Process, System, TakeOver

pytestmark = [
    pytest.mark.slow,
    pytest.mark.mariadb,
    pytest.mark.kafka,
    pytest.mark.timeout(600),
]

WRITERS = 2
TRANSACTIONS_PER_SECOND = 40.0
LEAST_RELAYS = 2
LEASE_SECONDS = 2.0
SESSION_SECONDS = 6.0
SETTLE_SECONDS = 90
MOST_FINDINGS = 50

# What the library promises: a dead relay is missed within seconds; one that was told to stop gives
# its shards back itself, before its leases run out.
LONGEST_TAKEOVER_SECONDS = {"SIGKILL": 3.0, "SIGSTOP": 3.0, "SIGTERM": LEASE_SECONDS}


class Run:
    """One run's system, its chance and what was measured."""

    def __init__(self, system: System, seed: str) -> None:
        self.system = system
        self.seed = seed
        self.chance = random.Random(seed)
        self.take_overs: list[TakeOver] = []
        self.statuses: list[int] = []
        self.begun = time.monotonic()
        self.settled_after = 0.0
        self._continuing: list[threading.Timer] = []

    def start(self) -> None:
        """The load and those who carry it."""
        for _ in range(LEAST_RELAYS):
            self.system.start_relay()
        for _ in range(2):
            self.system.start_consumer()
        for number in range(WRITERS):
            rate = TRANSACTIONS_PER_SECOND / WRITERS
            self.system.start_writer(f"{self.seed}/{number}", rate)

    def break_by(self, fault: "Callable[[Run], None]") -> None:
        """One fault, from a state in which everything is in order."""
        self.system.wait_until(self.system.is_shared_fairly, "all shards are shared fairly")
        begun = time.monotonic()
        fault(self)
        at, seconds = begun - self.begun, time.monotonic() - begun
        tell(f"{at:6.1f} s  {fault.__name__} ({seconds:.1f} s)")
        self.pause(0.2, 1)

    def pause(self, least: float, most: float) -> None:
        """Wait for a while."""
        time.sleep(self.chance.uniform(least, most))

    # Relays

    def a_relay_joins(self) -> None:
        self.system.start_relay()

    def a_relay_is_killed(self) -> None:
        self._lose_a_relay(signal.SIGKILL)

    def a_relay_is_told_to_stop(self) -> None:
        relay = self._lose_a_relay(signal.SIGTERM)
        self.statuses.append(relay.wait(10))

    def _lose_a_relay(self, number: signal.Signals) -> Process:
        relay = self.chance.choice(self.system.relays)
        self.system.relays.remove(relay)
        self._take_over(relay, number)
        if len(self.system.relays) < LEAST_RELAYS:
            self.system.start_relay()
        return relay

    def a_relay_sleeps_beyond_its_lease(self) -> None:
        relay = self.chance.choice(self.system.relays)
        self._take_over(relay, signal.SIGSTOP)
        self.pause(0.5, LEASE_SECONDS)
        relay.send_signal(signal.SIGCONT)

    def _take_over(self, relay: Process, number: signal.Signals) -> None:
        taken_over = self.system.take_over(relay, number)
        self.take_overs.append(taken_over)
        tell(f"          {len(taken_over.shards)} shards taken over in {taken_over.seconds:.2f} s")

    # Consumers

    def a_consumer_is_killed(self) -> None:
        consumer = self.system.consumers.pop()
        consumer.kill()
        consumer.wait()
        self.system.start_consumer()

    def a_consumer_sleeps_beyond_its_session(self) -> None:
        """In the background: other things break meanwhile. Nobody kills the first consumer."""
        consumer = self.system.consumers[0]
        consumer.send_signal(signal.SIGSTOP)
        seconds = SESSION_SECONDS + self.chance.uniform(1, 3)
        timer = threading.Timer(seconds, consumer.send_signal, [signal.SIGCONT])
        timer.start()
        self._continuing.append(timer)

    # Connections

    def connections_to_kafka_are_cut(self) -> None:
        self._cut_often(self.system.kafka_proxy)

    def connections_to_mariadb_are_cut(self) -> None:
        self._cut_often(self.system.mariadb_proxy)

    def _cut_often(self, proxy: Proxy) -> None:
        for _ in range(5):
            proxy.cut()
            self.pause(0.1, 0.6)

    def kafka_is_slow(self) -> None:
        with self.system.kafka_proxy.slow(delay=0.1, bytes_per_second=200_000):
            self.pause(2, 3)

    def mariadb_is_slow(self) -> None:
        with self.system.mariadb_proxy.slow(delay=0.01, bytes_per_second=500_000):
            self.pause(2, 3)

    def kafka_refuses_connections(self) -> None:
        with self.system.kafka_proxy.refusing():
            self.pause(2, 3)

    def mariadb_refuses_connections(self) -> None:
        with self.system.mariadb_proxy.refusing():
            self.pause(1, 3)

    def kafka_does_not_answer(self) -> None:
        with self.system.kafka_proxy.frozen():
            self.pause(2, 3)

    def mariadb_does_not_answer(self) -> None:
        with self.system.mariadb_proxy.frozen():
            self.pause(2, 3)

    # Servers

    def kafka_is_killed(self) -> None:
        self.system.restart("kafka")

    def mariadb_is_killed(self) -> None:
        self.system.restart("mariadb")

    # The end

    def settle(self) -> None:
        """Let the writers end, then wait until everything is published and applied."""
        begun = time.monotonic()
        for timer in self._continuing:
            timer.join()
        self.statuses += self.system.stop(self.system.writers)
        while not self._is_settled() and time.monotonic() - begun < SETTLE_SECONDS:
            time.sleep(0.5)
        self.settled_after = time.monotonic() - begun
        self.statuses += self.system.stop([*self.system.consumers, *self.system.relays])

    def _is_settled(self) -> bool:
        events = self.system.count("outbox_event")
        published = self.system.count("outbox_event", "state = 'PUBLISHED'")
        return (
            events == published <= self.system.count("shop_effect")
            and self.system.broker.lag() == 0
        )


FAULTS = [
    Run.a_relay_is_killed,
    Run.a_relay_is_told_to_stop,
    Run.a_relay_joins,
    Run.a_relay_sleeps_beyond_its_lease,
    Run.a_consumer_is_killed,
    Run.a_consumer_sleeps_beyond_its_session,
    Run.connections_to_kafka_are_cut,
    Run.connections_to_mariadb_are_cut,
    Run.kafka_is_slow,
    Run.mariadb_is_slow,
    Run.kafka_refuses_connections,
    Run.mariadb_refuses_connections,
    Run.kafka_does_not_answer,
    Run.mariadb_does_not_answer,
    Run.kafka_is_killed,
    Run.mariadb_is_killed,
]


@pytest.fixture
def system() -> Iterator[System]:
    """The servers, started, and whatever a test starts on them."""
    system = System(private_folder("faults"))
    try:
        system.start_servers()
        yield system
    finally:
        system.close()


def test_nothing_is_lost_invented_reordered_or_done_twice_whatever_breaks(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(system, os.environ.get("FAULTS_SEED") or str(random.randrange(1_000_000)))
    with capsys.disabled():
        tell(f"\nseed {run.seed}")
        run.start()
        for fault in [Run.a_relay_joins, *run.chance.sample(FAULTS, len(FAULTS))]:
            run.break_by(fault)
        run.settle()
        report = check(read_history(system.database, system.broker, system.journals))
        tell_all(run, report)
    assert report.findings == []
    assert report.stored > 1000
    assert report.rolled_back > 100
    for take_over in run.take_overs:
        assert take_over.seconds <= LONGEST_TAKEOVER_SECONDS[take_over.signal], take_over
    assert set(run.statuses) == {0}


def tell_all(run: Run, report: Report) -> None:
    """Print what was counted and measured."""
    tell(f"settled {run.settled_after:.1f} s after the last fault")
    tell(f"{report.stored} events committed, {report.rolled_back} rolled back")
    tell(f"{report.messages} messages on the topic, {report.duplicates} of them duplicates")
    tell(f"effects: {report.effects}")
    for take_over in run.take_overs:
        tell(
            f"{take_over.signal}: {len(take_over.shards)} shards taken over after "
            f"{take_over.seconds:.2f} s; longest wait of an event for it: "
            f"{run.system.longest_wait(take_over):.2f} s"
        )
    for finding in report.findings[:MOST_FINDINGS]:
        tell(f"BROKEN {finding}")


def tell(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
