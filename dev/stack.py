"""The whole system as real processes: a backing (database, broker), one-shots, our processes.

`make demo`, `make up` and the end-to-end tests are this class with different backings, folders
and ports.
"""

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

from dev import environment
from dev.bootstrap import ROOT
from dev.console import RefusalError, step
from dev.ports import free_ports, require_free, wait_free
from dev.processes import SERVICES, Process, Service
from dev.supervision import Program, Supervisor, tethered, wait_for

READY_SECONDS = 120  # a busy machine of two cores needs half of that
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Backing(Protocol):
    """Database and broker, as a stack needs them."""

    def ports(self) -> Iterable[int]:
        """The ports it listens on."""

    def prepare(self) -> None:
        """Make the data folders that are missing; before the process manager starts."""

    def programs(self) -> list[Program]:
        """What the process manager keeps running for it."""

    def settings(self) -> Mapping[str, str]:
        """The environment variables by which the services find it, once it serves."""

    def answers(self, program: str) -> bool:
        """Whether this program of it serves."""

    def complete(self) -> None:
        """Called when all of it serves: make what the services need in it."""


class Stack:
    """The services of `services` on one backing, everything they write below `folder`.

    `ports` gives each service's port by name; without it free ones are taken. `as_child` ends the
    whole stack when this process ends, however it ends. `instances` is how many processes there are
    of each long-running command.
    """

    def __init__(
        self,
        folder: Path,
        backing: Backing,
        *,
        services: Iterable[Service] = SERVICES,
        ports: Mapping[str, int] | None = None,
        settings: Mapping[str, str] | None = None,
        as_child: bool = True,
        instances: int = 1,
    ) -> None:
        self.folder = folder
        self.backing = backing
        self.services = tuple(services)
        self.ports = ports or self._free_ports()
        self.environment_file = folder / "env"
        self.supervisor = Supervisor(folder, self.environment_file)
        self._extra = dict(settings or {})
        self._as_child = as_child
        self._instances = instances

    def _free_ports(self) -> dict[str, int]:
        names = [service.name for service in self.services]
        return dict(zip(names, free_ports(len(names)), strict=True))

    # The whole

    def start(self) -> None:
        """Start what does not run yet and return when all of it is healthy."""
        self.require_ports()
        self.backing.prepare()
        step("starting " + ", ".join(program.name for program in self.backing.programs()))
        self.supervisor.configure([*self.backing.programs(), *self._programs()])
        self.supervisor.start(as_child=self._as_child)
        self.start_backing()
        if self.services:
            self.start_services()

    def stop(self) -> None:
        """Stop everything, our processes first; nothing is left behind."""
        self.supervisor.shutdown()
        self.environment_file.unlink(missing_ok=True)

    def require_ports(self) -> None:
        """Refuse a port that somebody else holds.

        A supervisord that was killed leaves programs that are just ending: they get some time.
        """
        if self.supervisor.is_alive():
            return
        ports = [*self.ports.values(), *self.backing.ports()]
        if (self.folder / "supervisord.pid").exists():
            wait_free(ports, 30)
        require_free(ports, ROOT)

    def start_backing(self) -> None:
        """Start database and broker and wait until both serve."""
        programs = [program.name for program in self.backing.programs()]
        for program in programs:
            self.supervisor.start_program(program)
        check = self.supervisor.crash_watch(programs)
        for program in programs:
            self._wait(program, partial(self.backing.answers, program), check)
        self.backing.complete()
        environment.write_private(self.environment_file, environment.as_lines(self._settings()))

    def start_services(self) -> None:
        """Run each service's one-shots, side by side, then its processes; wait for health."""
        given_up = threading.Event()
        with ThreadPoolExecutor(max_workers=len(self.services)) as pool:
            started = [
                pool.submit(self._start_service, service, given_up) for service in self.services
            ]
            try:
                for job in as_completed(started):
                    job.result()
            except BaseException:
                given_up.set()
                raise
        step("starting the processes; waiting until they are healthy")
        self.wait_healthy()

    def _start_service(self, service: Service, given_up: threading.Event) -> None:
        for one_shot in service.preparations():
            if given_up.is_set():
                return
            step(f"{service.name}: {' '.join(one_shot.arguments)}")
            self.run_one_shot(one_shot)
        for process in self._processes(service):
            self.start_process(process.name, wait=False)

    def run_one_shot(self, one_shot: Process) -> None:
        """Run a command to its end; refuse if it fails."""
        log = self.log(one_shot.name)
        with log.open("w") as output:
            status = subprocess.run(
                tethered([sys.executable, *one_shot.arguments]),
                cwd=ROOT,
                env=self.env(one_shot.service),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        if status != 0:
            raise RefusalError(f"{one_shot.name} failed", log)

    def wait_healthy(self) -> None:
        """Wait until every service answers that it is ready and every process runs."""
        names = [process.name for service in self.services for process in self._processes(service)]
        check = self.supervisor.crash_watch(names)
        for name in names:
            self._wait(name, partial(self.serves, name), check)

    # One process

    def start_process(self, name: str, *, wait: bool = True) -> None:
        """Start a process, database or broker by name; with `wait`, return when it serves."""
        self.supervisor.start_program(name)
        if wait:
            self._wait(name, partial(self.serves, name), self.supervisor.crash_watch([name]))

    def stop_process(self, name: str) -> None:
        """SIGTERM; returns when it has ended. It stays ended until it is started again."""
        self.supervisor.stop_program(name)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process; one that dies of it is started again within seconds.

        After SIGKILL it is gone when this returns, or already runs again under another id.
        """
        self.supervisor.signal_program(name, number)

    def pid(self, name: str) -> int:
        """The process id, 0 when it does not run."""
        return self.supervisor.states()[name].pid

    def is_running(self, name: str) -> bool:
        """Whether the process has stayed up for a second."""
        return self.supervisor.states()[name].state == "RUNNING"

    def is_ready(self, service: str) -> bool:
        """Whether the service answers 200 at /health/ready."""
        try:
            with OPENER.open(f"{self.url(service)}/health/ready", timeout=5) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except (OSError, HTTPException):  # nobody listens yet, or it answers an error
            return False

    def log(self, name: str) -> Path:
        """The log of a process, a one-shot (`booking-migrate`), `mariadb` or `kafka`."""
        return self.supervisor.log(name)

    def url(self, service: str) -> str:
        """Where a service answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def env(self, service: str) -> dict[str, str]:
        """The environment for a command of a service: this one's and the stack's settings."""
        settings = environment.read(self.environment_file)
        return {**os.environ, **settings, "SERVICE": service, **_module(service)}

    def names(self) -> list[str]:
        """Every process, database and broker of the stack."""
        return [*(program.name for program in [*self.backing.programs(), *self._programs()])]

    def variables(self, process: Process) -> dict[str, str]:
        """What a process has in its environment besides the stack's settings."""
        return {"SERVICE": process.service, **_module(process.service)}

    def serves(self, name: str) -> bool:
        """Whether a process, database or broker does what it is there for."""
        if name in self.ports:
            return self.is_ready(name)
        if name in {program.name for program in self.backing.programs()}:
            return self.backing.answers(name)
        return self.is_running(name)

    # How it is made

    def _settings(self) -> dict[str, str]:
        upstreams = {f"{name.upper()}_URL": self.url(name) for name in self.ports}
        admins = {
            f"{service.name.upper()}_ADMIN_URL": f"http://localhost:{self.ports[service.name]}"
            for service in self.services
            if service.database
        }
        common = {"TRIAL": "1", "ALLOWED_HOSTS": "localhost,127.0.0.1", "WEB_CONCURRENCY": "1"}
        return {**common, **upstreams, **admins, **self.backing.settings(), **self._extra}

    def _processes(self, service: Service) -> list[Process]:
        return [service.web(self.ports[service.name]), *service.workers(self._instances)]

    def _programs(self) -> list[Program]:
        return [
            Program(
                process.name,
                (*_nice(process.niceness), sys.executable, *process.arguments),
                environment=tuple(
                    f"{name}={value}" for name, value in self.variables(process).items()
                ),
            )
            for service in self.services
            for process in self._processes(service)
        ]

    def _wait(self, name: str, ready: Callable[[], bool], check: Callable[[], None]) -> None:
        wait_for(ready, READY_SECONDS, name, self.log(name), check)


def _nice(niceness: int) -> tuple[str, ...]:
    """What precedes a command that is to step back."""
    return ("nice", "-n", str(niceness)) if niceness else ()


def _module(service: str) -> dict[str, str]:
    return {"DJANGO_SETTINGS_MODULE": f"config.settings.{service}"}
