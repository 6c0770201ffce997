"""What can be broken, as a table, and the schedule that a seed makes of it."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from random import Random
from typing import Final

from chaos.system import SERVERS, System
from dev.processes import SERVICES, with_database

FIRST_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = (1.5, 4.0)
AFTER_EVERYTHING_SECONDS: Final = 15.0
# How far a clock may be off. In one run all are off in one direction, so that no two differ by
# more: that is as much as services grant each other.
CLOCK_SECONDS: Final = (5, 30)
MIGRATION_SECONDS: Final = 90.0


@dataclass(frozen=True)
class Planned:
    """A fault that is to come.

    Args:
        at: so many seconds after the start.
        kind: which row of the table.
        victim: what is broken.
        seconds: how long it lasts.
        amount: which worker, or how far a clock is off.
    """

    at: float
    kind: str
    victim: str
    seconds: float
    amount: int


@dataclass(frozen=True)
class Kind:
    """A row of the table.

    Args:
        name: how it is called, before its victim.
        victims: what it may befall: a process, web, a service, everything, or one of the servers.
        seconds: how long it lasts, from and to.
        inflict: breaks it, until the block ends.
        pause: how long nothing else is begun after it.
    """

    name: str
    victims: str
    seconds: tuple[float, float]
    inflict: Callable[[System, Planned], AbstractContextManager[object]]
    pause: float = 0.0


# How


def kill(system: System, planned: Planned) -> AbstractContextManager[object]:
    """SIGKILL; it is started again."""
    system.kill(planned.victim)
    return nullcontext()


def kill_everything(system: System, planned: Planned) -> AbstractContextManager[object]:
    """A power cut: servers and processes at once."""
    system.kill(*system.stack.names())
    return nullcontext()


def kill_a_worker(system: System, planned: Planned) -> AbstractContextManager[object]:
    """SIGKILL to one of several processes that answer for a service."""
    system.kill_a_worker(planned.victim, planned.amount)
    return nullcontext()


@contextmanager
def freeze(system: System, planned: Planned) -> Iterator[None]:
    """SIGSTOP, then SIGCONT."""
    frozen = system.freeze(planned.victim)
    try:
        yield
    finally:
        system.thaw(frozen)


def refuse(system: System, planned: Planned) -> AbstractContextManager[object]:
    """Every connection is cut, and none is made."""
    return system.proxies[planned.victim].refusing()


@contextmanager
def cut(system: System, planned: Planned) -> Iterator[None]:
    """Every connection is cut, at the beginning and at the end."""
    system.proxies[planned.victim].cut()
    yield
    system.proxies[planned.victim].cut()


def silence(system: System, planned: Planned) -> AbstractContextManager[object]:
    """Nothing passes, as when packets are dropped."""
    return system.proxies[planned.victim].frozen()


def slow(system: System, planned: Planned) -> AbstractContextManager[object]:
    """Everything is late by 20 ms, each way."""
    return system.proxies[planned.victim].slow(delay=0.02)


@contextmanager
def misset(system: System, planned: Planned) -> Iterator[None]:
    """A process's clock jumps, and jumps back."""
    system.clocks.set(planned.victim, planned.amount)
    try:
        yield
    finally:
        system.clocks.set(planned.victim, 0)


@contextmanager
def migrate(system: System, planned: Planned) -> Iterator[None]:
    """A migration, and back: tried again while the database is away."""
    _migrate(system, planned.victim, "forwards")
    yield
    _migrate(system, planned.victim, "backwards")


def _migrate(system: System, service: str, way: str) -> None:
    deadline = time.monotonic() + MIGRATION_SECONDS
    while True:
        try:
            return system.migrate(service, way)
        except subprocess.SubprocessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


KINDS: Final = (
    Kind("kill", "process", (0, 0), kill),
    Kind("kill", "process", (0, 0), kill),
    Kind("kill a worker of", "web", (0, 0), kill_a_worker),
    Kind("freeze", "process", (1, 4), freeze),
    Kind("freeze", "process", (6, 12), freeze),  # beyond leases, and beyond Kafka's sessions
    Kind("misset the clock of", "process", (6, 12), misset),
    Kind("misset the clock of", "process", (6, 12), misset),
    Kind("migrate", "service", (1, 3), migrate),
    *(
        Kind(name, server, seconds, inflict)
        for server in SERVERS
        for name, seconds, inflict in (
            ("kill", (0.0, 0.0), kill),
            ("freeze", (1.0, 5.0), freeze),
            ("refuse connections to", (1.0, 4.0), refuse),
            ("cut connections to", (0.5, 2.0), cut),
            ("silence", (1.0, 5.0), silence),
            ("slow down", (2.0, 6.0), slow),
        )
    ),
    Kind("kill", "everything", (0, 0), kill_everything, pause=AFTER_EVERYTHING_SECONDS),
)


def plan(seed: int, duration: float, processes: Sequence[str]) -> list[Planned]:
    """The faults of a run: the table in an order of chance, again and again, all over in time.

    Args:
        seed: what decides.
        duration: how many seconds the run lasts.
        processes: the names of our own processes.
    """
    chance = Random(f"{seed}/faults")
    ahead = chance.choice((1, -1))
    planned: list[Planned] = []
    at = FIRST_SECONDS
    while at < duration:
        for kind in chance.sample(KINDS, len(KINDS)):
            fault = _drawn(kind, at, chance, processes, ahead)
            if at + fault.seconds + kind.pause <= duration:
                planned.append(fault)
                at += kind.pause + chance.uniform(*PAUSE_SECONDS)
    return planned


def _drawn(kind: Kind, at: float, chance: Random, processes: Sequence[str], ahead: int) -> Planned:
    victims = {
        "process": list(processes),
        "web": [service.name for service in SERVICES],
        "service": [service.name for service in with_database()],
    }
    victim = chance.choice(victims.get(kind.victims, [kind.victims]))
    seconds, amount = chance.uniform(*kind.seconds), chance.randint(*CLOCK_SECONDS)
    return Planned(at, f"{kind.name} {kind.victims}", victim, seconds, amount * ahead)


BY_NAME: Final = {f"{kind.name} {kind.victims}": kind for kind in KINDS}


def inflict(system: System, planned: Planned) -> AbstractContextManager[object]:
    """Break what is planned, until the block ends."""
    return BY_NAME[planned.kind].inflict(system, planned)
