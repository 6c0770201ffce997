"""The processes of a fault run: servers behind proxies, relays, consumers, writers."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dev.backings import Servers
from dev.bootstrap import ROOT
from dev.ports import free_ports
from dev.proxy import Proxy
from dev.stack import Stack
from dev.supervision import tethered
from tests.outbox.faults.evidence import Broker, Database

DATABASE: Final = "outbox_faults"
SHARDS: Final = 64
LOOK_SECONDS: Final = 0.01
PATIENCE_SECONDS: Final = 40
STOPPING_SECONDS: Final = 15

OWNERS: Final = """
    SELECT shard, owner FROM outbox_lease
    WHERE `group` = 'relay' AND owner <> '' AND expires_at > NOW(6)
    """

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class TakeOver:
    """How a relay's shards went to others.

    Args:
        signal: what the relay was sent.
        begun: when, on the database's clock.
        seconds: until others had live leases on all its shards.
        shards: which those were.
    """

    signal: str
    begun: float
    seconds: float
    shards: frozenset[int]


class System:
    """A private MariaDB and Kafka, each behind a proxy, and the shop's processes.

    Args:
        folder: where everything is kept; logs are below `log`.
    """

    def __init__(self, folder: Path) -> None:
        # All at once, so that no proxy gets a port that is meant for a server.
        mariadb, kafka, controller, *proxies = free_ports(5)
        self.mariadb_proxy = Proxy(mariadb, proxies[0])
        self.kafka_proxy = Proxy(kafka, proxies[1])
        self.servers = Servers(
            folder,
            (mariadb, kafka, controller),
            databases=[DATABASE],
            advertised_port=self.kafka_proxy.port,
        )
        self.folder = folder
        self.stack = Stack(folder, self.servers, services=())
        self.journals: list[Path] = []
        self.relays: list[Process] = []
        self.consumers: list[Process] = []
        self.writers: list[Process] = []
        self._started: list[Process] = []

    def start_servers(self) -> None:
        """MariaDB with the shop's tables, Kafka with its topic."""
        self.stack.start()
        password = self.servers.mariadb.password(DATABASE)
        port = self.servers.mariadb.port
        self.database = Database(port=port, name=DATABASE, password=password)
        self.broker = Broker(f"127.0.0.1:{self.kafka_proxy.port}")
        for command in ("migrate", "create_topics"):
            assert self._start(command, _django(command)).wait(PATIENCE_SECONDS * 2) == 0

    def close(self) -> None:
        """End everything that was started here."""
        for process in self._started:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        if hasattr(self, "database"):
            self.database.close()
        self.stack.stop()
        self.kafka_proxy.close()
        self.mariadb_proxy.close()

    # Processes

    def start_relay(self) -> Process:
        """One more relay; returns when it holds its share."""
        relay = self._start("relay", _django("run_outbox_relay"))
        self.relays.append(relay)
        self.wait_until(lambda: bool(self.shards_of(relay)), "the new relay holds shards", relay)
        return relay

    def start_consumer(self) -> Process:
        """One more process of the consumer."""
        consumer = self._start("consumer", _django("consume_orders"))
        self.consumers.append(consumer)
        return consumer

    def start_writer(self, seed: str, rate: float) -> Process:
        """One more process that appends events, at so many transactions a second."""
        journal = self.folder / f"journal-{len(self.journals)}.jsonl"
        self.journals.append(journal)
        command = ["-m", "tests.outbox.faults.writer", str(journal), seed, str(rate)]
        writer = self._start("writer", command)
        self.writers.append(writer)
        return writer

    def stop(self, processes: list[Process]) -> list[int]:
        """SIGTERM to all of them, and forget them; their exit statuses."""
        for process in processes:
            process.terminate()
        statuses = [process.wait(STOPPING_SECONDS) for process in processes]
        processes.clear()
        return statuses

    def _start(self, name: str, arguments: Sequence[str]) -> Process:
        log = self.stack.log(f"{name}-{len(self._started)}")
        with log.open("wb") as output:
            process = subprocess.Popen(
                tethered([sys.executable, *arguments]),
                cwd=ROOT,
                env={**os.environ, **self._environment()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._started.append(process)
        return process

    def _environment(self) -> dict[str, str]:
        password = self.servers.mariadb.password(DATABASE)
        account = f"{DATABASE}:{password}@127.0.0.1:{self.mariadb_proxy.port}"
        return {
            "DJANGO_SETTINGS_MODULE": "tests.outbox.faults.settings",
            "TRIAL": "1",
            "OUTBOX_DATABASE_URL": f"mysql://{account}/{DATABASE}",
            "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{self.kafka_proxy.port}",
        }

    # Looking, on the database's word

    def owners(self) -> dict[int, int]:
        """Which process has a live lease on each shard, by the shard's number."""
        return {shard: int(owner.split(":")[1]) for shard, owner in self.database.rows(OWNERS)}

    def shards_of(self, relay: Process) -> set[int]:
        """The shards on which a relay has a live lease."""
        return {shard for shard, pid in self.owners().items() if pid == relay.pid}

    def is_shared_fairly(self) -> bool:
        """Whether every shard is one of the living relays', and none has more than its share."""
        owners, living = self.owners(), [relay.pid for relay in self.relays]
        share = -(-SHARDS // len(living))
        counts = [sum(pid == owner for owner in owners.values()) for pid in living]
        return sum(counts) == SHARDS and max(counts) <= share

    def count(self, table: str, condition: str = "TRUE") -> int:
        """How many rows there are."""
        return int(self.database.value(f"SELECT COUNT(*) FROM {table} WHERE {condition}"))

    def now(self) -> float:
        """The database's clock, in seconds."""
        return float(self.database.value("SELECT UNIX_TIMESTAMP(NOW(6))"))

    def take_over(self, relay: Process, number: signal.Signals) -> "TakeOver":
        """Send a relay a signal and wait until others have live leases on all that it had."""
        shards = self.shards_of(relay)
        begun = self.now()
        relay.send_signal(number)

        def is_done() -> bool:
            owners = self.owners()
            return all(owners.get(shard, relay.pid) != relay.pid for shard in shards)

        self.wait_until(is_done, f"the shards of {relay.pid} are taken over")
        return TakeOver(number.name, begun, self.now() - begun, frozenset(shards))

    def longest_wait(self, take_over: "TakeOver") -> float:
        """How long the event that waited longest for the new owners of these shards waited: of
        those appended from the signal on until the shards were taken over."""
        created, published = "UNIX_TIMESTAMP(created_at)", "UNIX_TIMESTAMP(published_at)"
        waited = self.database.value(
            f"SELECT MAX({published} - {created}) FROM outbox_event"
            f" WHERE {created} BETWEEN %s AND %s"
            f" AND shard IN ({','.join(map(str, take_over.shards))})",
            [take_over.begun, take_over.begun + take_over.seconds],
        )
        return float(waited or 0)

    def wait_until(
        self, ready: Callable[[], bool], what: str, process: Process | None = None
    ) -> None:
        """Wait, but not for ever, nor for a process that has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ready():
            assert time.monotonic() < deadline, f"not after {PATIENCE_SECONDS} s: {what}"
            assert process is None or process.poll() is None, f"ended: {process}"
            time.sleep(LOOK_SECONDS)

    # Breaking

    def restart(self, server: str) -> None:
        """Kill a server (-9); returns when it serves again."""
        self.stack.kill(server)
        self.stack.start_process(server)


def _django(command: str) -> list[str]:
    return ["-m", "django", command]
