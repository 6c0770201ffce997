"""The whole system of a run: several processes of each kind, behind proxies, with own clocks."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import psutil

from chaos.clocks import Clocks
from chaos.servers import ProxiedServers
from dev.bootstrap import ROOT
from dev.ports import free_ports
from dev.processes import SERVICES, Process
from dev.stack import Stack
from dev.supervision import tethered

SERVERS: Final = ("mariadb", "kafka")
INSTANCES: Final = 2
HOLD_MINUTES: Final = 1
COMMAND_SECONDS: Final = 120


class ChaosStack(Stack):
    """The stack, whose processes have clocks of their own."""

    clocks: Clocks

    def variables(self, process: Process) -> dict[str, str]:
        """See `Stack.variables`."""
        return {**super().variables(process), **self.clocks.variables(process.name)}


class System:
    """What a run breaks, and how.

    Args:
        folder: where everything is kept.
        mail_port: of the mail server on 127.0.0.1.
        settings: more environment variables for the services.
    """

    def __init__(self, folder: Path, *, mail_port: int, settings: Mapping[str, str]) -> None:
        names = [service.name for service in SERVICES]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.servers = ProxiedServers(folder)
        self.books = folder / "processor-books.sqlite3"
        own = {
            "PROCESSOR_BOOKS": str(self.books),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "HOLD_MINUTES": str(HOLD_MINUTES),
            "WEB_CONCURRENCY": str(INSTANCES),
        }
        self.stack = ChaosStack(
            folder, self.servers, ports=ports, settings={**own, **settings}, instances=INSTANCES
        )
        self.clocks = self.stack.clocks = Clocks(folder / "clocks")
        self.proxies = self.servers.proxies

    def start(self) -> None:
        """Start everything, and return when all of it is healthy."""
        for name in self.processes:
            self.clocks.set(name, 0)
        self.stack.start()

    def close(self) -> None:
        """End everything."""
        self.stack.stop()
        self.servers.close()

    @property
    def gateway(self) -> str:
        """Where clients come in."""
        return self.stack.url("gateway")

    @property
    def processes(self) -> list[str]:
        """Our own processes."""
        return [name for name in self.stack.names() if name not in SERVERS]

    def is_healthy(self) -> bool:
        """Whether every process runs and every service, database and broker serves."""
        states = self.stack.supervisor.states().values()
        if any(state.state != "RUNNING" for state in states):
            return False
        return all(self.stack.serves(name) for name in (*SERVERS, *self.stack.ports))

    # Breaking

    def kill(self, *names: str) -> None:
        """SIGKILL to processes with all their children, at once; they are started again."""
        for leader in self._leaders(names):
            _signal_group(leader, signal.SIGKILL)

    def kill_a_worker(self, name: str, number: int) -> None:
        """SIGKILL to one of a web server's workers, whichever `number` says."""
        leader = self.stack.pid(name)
        workers = psutil.Process(leader).children() if leader else []
        if workers:
            workers[number % len(workers)].kill()

    def freeze(self, name: str) -> list[int]:
        """SIGSTOP to a process with all its children; whom to continue."""
        leaders = self._leaders([name])
        for leader in leaders:
            _signal_group(leader, signal.SIGSTOP)
        return leaders

    def thaw(self, leaders: Sequence[int]) -> None:
        """SIGCONT to those that were frozen, as far as they are still there."""
        for leader in leaders:
            _signal_group(leader, signal.SIGCONT)

    def migrate(self, service: str, way: str) -> None:
        """Change a service's schema while it works; see `chaos/migration.py`.

        Raises:
            subprocess.SubprocessError: it cannot be changed.
        """
        for command in (["manage.py", "migrate", "--no-input"], ["-m", "chaos.migration", way]):
            subprocess.run(
                tethered([sys.executable, *command]),
                cwd=ROOT,
                env=self.stack.env(service),
                check=True,
                capture_output=True,
                timeout=COMMAND_SECONDS,
            )

    def _leaders(self, names: Sequence[str]) -> list[int]:
        states = self.stack.supervisor.states()
        return [states[name].pid for name in names if states[name].pid]


def _signal_group(leader: int, number: signal.Signals) -> None:
    """Every program leads a group of its own."""
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return  # it has just ended
