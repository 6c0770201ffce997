"""One run: start, load and break, let it settle, collect, judge."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from chaos.collecting import Collector
from chaos.databases import Databases
from chaos.evidence import Evidence, Process
from chaos.faults import plan
from chaos.injector import Injector, Watch
from chaos.load import Load
from chaos.mailbox import Mailbox
from chaos.settling import Settling
from chaos.system import System
from chaos.topics import read_topics
from dev.console import step

# What is begun last should have met a fault, and be over in time all the same.
QUIET_SECONDS: Final = 5.0
LINE_SECONDS: Final = 2.0
# A minute to be final in, and as long to see whether what is late comes at all.
PATIENCE_SECONDS: Final = 150.0


class Run:
    """A run on a started system.

    Args:
        system: what is broken.
        mailbox: where its mails go.
        seed: of load and faults.
        duration: how many seconds both last.
        patience: how many seconds it may take after that until nothing moves any more.
    """

    def __init__(
        self, system: System, mailbox: Mailbox, *, seed: int, duration: float, patience: float
    ) -> None:
        self.system = system
        self.mailbox = mailbox
        self.seed = seed
        self.duration = duration
        self.patience = patience
        self.databases = Databases(system.servers.mariadb)
        self.settling = Settling(self.databases)
        self.load = Load(system.gateway, seed)
        self.watch = Watch(system)
        self.injector = Injector(system, plan(seed, duration, system.processes))

    def execute(self) -> Evidence:
        """Everything, to the evidence."""
        self.watch.start()
        try:
            self._load_and_break()
            took = self.settling.wait(self.patience, _tell)
        finally:
            self.watch.stop()
        step(f"settled after {took:.0f} s; collecting")
        return self.collect()

    def _load_and_break(self) -> None:
        self.load.start()
        try:
            self._break()
        finally:
            self.load.stop()
        self.load.join()
        step(f"load and faults are over: {self._so_far()}")

    def _break(self) -> None:
        ending = threading.Timer(self.duration - QUIET_SECONDS, self.load.stop)
        ending.start()
        over = threading.Event()
        telling = threading.Thread(target=self._tell_on, args=(over,), daemon=True)
        telling.start()
        try:
            self.injector.run()
        finally:
            over.set()
            ending.cancel()
            telling.join()

    def _tell_on(self, over: threading.Event) -> None:
        """The live line."""
        begun = time.monotonic()
        while not over.wait(LINE_SECONDS):
            broken = ", ".join(f"{one.kind} {one.victim}" for one in self.injector.under_way)
            health = "healthy" if self.watch.is_healthy else "broken "
            at = time.monotonic() - begun
            _tell(f"{at:5.0f} s {health} {self._so_far()}  {broken}")

    def _so_far(self) -> str:
        journal, mails = self.load.journal, len(self.mailbox.mails)
        made = sum(one.what == "reserve" and one.is_done for one in list(journal.requests))
        return f"{journal.sent} requests, {made} reservations, {mails} mails"

    def collect(self) -> Evidence:
        """All that is left."""
        broker = f"127.0.0.1:{self.system.proxies['kafka'].port}"
        collector = Collector(self.databases, self.system.books)
        return Evidence(
            seed=self.seed,
            duration=self.duration,
            requests=list(self.load.journal.requests),
            faults=self.injector.faults(self.watch),
            mails=list(self.mailbox.mails),
            messages=list(read_topics(broker)),
            processes=self._processes(),
            **collector.collect(self.settling.open_until),
        )

    def _processes(self) -> list[Process]:
        states = self.system.stack.supervisor.states()
        return [
            Process(name, state.state, self.system.stack.serves(name))
            for name, state in sorted(states.items())
        ]


def run(
    folder: Path,
    *,
    seed: int,
    duration: float,
    patience: float = PATIENCE_SECONDS,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Evidence:
    """Start a system of its own below `folder`, run on it, and end it.

    Args:
        folder: where everything is kept.
        seed, duration, patience: see `Run`.
        settings: more environment variables for the system.
    """
    with Mailbox() as mailbox:
        system = System(folder, mail_port=mailbox.port, settings=settings)
        try:
            system.start()
            planned = Run(system, mailbox, seed=seed, duration=duration, patience=patience)
            return planned.execute()
        finally:
            system.close()


def _tell(line: str) -> None:
    print(f"  {line}", flush=True)
