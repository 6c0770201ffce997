"""The kept process manager: supervisor, its configuration generated, spoken to over its socket.

Programs come in two groups: `servers` (database, broker) and `processes` (ours). On shutdown
supervisord ends the processes first. Every program runs under `tether.py`, so that none outlives a
supervisord that was killed.
"""

import hashlib
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.bootstrap import ROOT
from dev.console import RefusalError

TETHER = ROOT / "dev" / "tether.py"
LONGEST_SOCKET_PATH = 100  # of sockaddr_un's 108 bytes; supervisor appends its pid for a moment
GROUPS = ("servers", "processes")
FAILED_STARTS = 3


@dataclass(frozen=True)
class Program:
    """One program to keep running.

    `environment` is added to the stack's environment file. `stop_seconds` is how long SIGTERM may
    take before SIGKILL. One with `restarts` off stays dead, for a server that keeps its state in
    memory.
    """

    name: str
    command: tuple[str, ...]
    group: str = "processes"
    environment: tuple[str, ...] = ()
    stop_seconds: int = 20
    restarts: bool = True


def socket_path(folder: Path, name: str) -> Path:
    """A path for a unix socket of `folder`: inside it, or in the temporary folder if too long."""
    inside = folder / name
    if len(str(inside)) <= LONGEST_SOCKET_PATH - 10:
        return inside
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"airline-{os.getuid()}-{digest}-{name}"


def tethered(
    command: Sequence[str],
    *,
    parent: int | Path | None = None,
    environment_file: Path | None = None,
    environment: Sequence[str] = (),
) -> list[str]:
    """The command line that runs `command` under the tether, by default to this process."""
    tie = (str(parent or os.getpid()), str(environment_file or "-"))
    return [sys.executable, "-I", str(TETHER), *tie, *environment, "--", *command]


def render(folder: Path, environment_file: Path, programs: Sequence[Program]) -> str:
    """The text of supervisord.conf; no program starts before it is asked to."""
    folder_ = _escape(folder)
    sections = [
        "[supervisord]",
        f"logfile={folder_}/log/supervisord.log",
        f"pidfile={folder_}/supervisord.pid",
        f"childlogdir={folder_}/log",
        f"directory={_escape(ROOT)}",
        *(["user=root"] if os.getuid() == 0 else []),
        "[unix_http_server]",
        f"file={_escape(socket_path(folder, 'supervisord.sock'))}",
        "chmod=0600",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for priority, group in enumerate(GROUPS, 1):
        members = [program for program in programs if program.group == group]
        if members:
            names = ",".join(program.name for program in members)
            sections += [f"[group:{group}]", f"programs={names}", f"priority={priority}"]
    for program in programs:
        sections += _program_section(folder, environment_file, program)
    return "\n".join(sections) + "\n"


def _program_section(folder: Path, environment_file: Path, program: Program) -> list[str]:
    """A program's section. It is tried again for ever: what it waits for comes back some day.

    SIGTERM goes to the leader alone, which ends its workers gracefully (gunicorn); SIGKILL goes to
    the whole group, so that nothing stays behind.
    """
    command = tethered(
        program.command,
        parent=folder / "supervisord.pid",
        environment_file=environment_file if program.group == "processes" else None,
        environment=program.environment,
    )
    return [
        f"[program:{program.name}]",
        f"command={_escape(shlex.join(command))}",
        "autostart=false",
        f"autorestart={str(program.restarts).lower()}",
        "startsecs=1",
        f"startretries={1_000_000 if program.restarts else 0}",
        "stopsignal=TERM",
        f"stopwaitsecs={program.stop_seconds}",
        "stopasgroup=false",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={_escape(folder)}/log/{program.name}.log",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=2",
    ]


def _escape(value: object) -> str:
    return str(value).replace("%", "%%")


@dataclass(frozen=True)
class State:
    """What supervisord says about a program; `stopped_at` changes each time it has ended."""

    name: str
    state: str
    pid: int
    stopped_at: int


class Supervisor:
    """One supervisord with everything it keeps under `folder`."""

    def __init__(self, folder: Path, environment_file: Path) -> None:
        self.folder = folder
        self.environment_file = environment_file
        self.configuration = folder / "supervisord.conf"
        self._groups: dict[str, str] = {}
        self._child: subprocess.Popen[bytes] | None = None

    def log(self, name: str) -> Path:
        """Where the output of a program goes."""
        return self.folder / "log" / f"{name}.log"

    def configure(self, programs: Sequence[Program]) -> None:
        """Write the configuration; a supervisord that runs already takes up what has changed."""
        (self.folder / "log").mkdir(parents=True, exist_ok=True)
        self._groups = {program.name: program.group for program in programs}
        self.configuration.write_text(render(self.folder, self.environment_file, programs))
        if self.is_alive():
            self._take_up_changes()

    def _take_up_changes(self) -> None:
        """What `supervisorctl update` does."""
        ((added, changed, removed),) = self._call("reloadConfig")
        for group in (*changed, *removed):
            self._call("stopProcessGroup", group)
            self._call("removeProcessGroup", group)
        for group in (*added, *changed):
            self._call("addProcessGroup", group)

    def start(self, *, as_child: bool) -> None:
        """Start supervisord, unless it runs; `as_child`: it ends when this process ends."""
        if self.is_alive():
            return
        self.shutdown()  # one that is just ending would still hold everything
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.configuration)]
        if as_child:
            command = tethered([*command, "--nodaemon", "--silent"])
        said = self.folder / "log" / "supervisord.out"
        with said.open("w") as output:
            started = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        def check() -> None:
            if started.poll():
                raise RefusalError("supervisord does not start", said)

        wait_for(self.is_alive, 20, "supervisord", said, check)
        if as_child:
            self._child = started
        else:
            started.wait()  # the daemon's first process, which ends at once

    def is_alive(self) -> bool:
        """Whether supervisord answers on its socket."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error):
            return False

    def pid(self) -> int | None:
        """The process id in supervisord's pid file, if it still runs."""
        try:
            pid = int((self.folder / "supervisord.pid").read_text())
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid if _runs_with(pid, self.configuration) else None

    def states(self) -> dict[str, State]:
        """The state of every program, by name."""
        answers: list[dict[str, Any]] = self._call("getAllProcessInfo")
        return {
            answer["name"]: State(
                answer["name"], answer["statename"], answer["pid"], answer["stop"]
            )
            for answer in answers
        }

    def start_program(self, name: str) -> None:
        """Ask for a program to run, now and not after a pause; does not wait. Idempotent."""
        if self.states()[name].state == "BACKOFF":
            self.stop_program(name)
        # It may have been started, or restarted, since anybody looked.
        with suppress_fault(Faults.ALREADY_STARTED):
            self._call("startProcess", self._path(name), False)

    def stop_program(self, name: str) -> None:
        """SIGTERM, and after the program's time SIGKILL; returns when it has ended. Idempotent."""
        with suppress_fault(Faults.NOT_RUNNING):
            self._call("stopProcess", self._path(name))

    def signal_program(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a program's leader; after SIGKILL, wait until all of it has ended.

        A killed gunicorn's workers go on answering until they miss it.
        """
        pid = self.states()[name].pid
        if not pid:
            return  # it is down already; 0 would mean our own process group
        os.kill(pid, number)
        if number is signal.SIGKILL:
            log = self.log(name)
            wait_for(lambda: self.states()[name].pid != pid, 10, f"the end of {name}", log)
            wait_for(lambda: not _group_exists(pid), 30, f"the end of {name}'s workers", log)

    def shutdown(self, seconds: float = 90) -> None:
        """End all programs, our processes before the servers, then supervisord; waits for it."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                raise RefusalError("supervisord does not end", self.log("supervisord"))
            self.is_alive()  # every request wakes its loop, which else looks once a second
            time.sleep(0.05)
        if self._child is not None:
            self._child.wait()

    def crash_watch(self, names: Sequence[str]) -> Callable[[], None]:
        """A check that refuses, naming the program, once one of them fails to stay up."""
        before = self.states() if names else {}
        endings: dict[str, set[int]] = {name: {before[name].stopped_at} for name in names}

        def check() -> None:
            for name, state in self.states().items():
                if name in endings:
                    endings[name].add(state.stopped_at)
                    if state.state == "FATAL" or len(endings[name]) > FAILED_STARTS:
                        raise RefusalError(f"{name} does not stay up", self.log(name))

        return check

    def _path(self, name: str) -> str:
        return f"{self._groups[name]}:{name}"

    def _call(self, method: str, *arguments: object) -> Any:
        """Ask supervisord by XML-RPC; raises OSError when it does not listen."""
        transport = SocketTransport(socket_path(self.folder, "supervisord.sock"))
        with xmlrpc.client.ServerProxy("http://localhost", transport) as server:
            return getattr(server.supervisor, method)(*arguments)


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


class SocketTransport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        connection = SocketConnection(self._path)
        self._connection = (str(host), connection)
        return connection


class Faults:
    """Supervisor's XML-RPC fault codes (supervisor.xmlrpc.Faults)."""

    ALREADY_STARTED = 60
    NOT_RUNNING = 70


@contextmanager
def suppress_fault(code: int) -> Iterator[None]:
    """Let a request be refused for this one reason."""
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != code:
            raise


def wait_for(
    ready: Callable[[], bool],
    seconds: float,
    what: str,
    log: Path,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Wait until `ready`; refuse after `seconds`. `check` refuses when waiting has no point."""
    deadline = time.monotonic() + seconds
    while not ready():
        check()
        if time.monotonic() > deadline:
            raise RefusalError(f"{what} is not ready after {seconds:.0f} s", log)
        time.sleep(0.05)


def _group_exists(leader: int) -> bool:
    """Whether any process of this one's group is left; every program leads a group of its own."""
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    return True


def _runs_with(pid: int, configuration: Path) -> bool:
    """Whether that process is supervisord with this configuration, not one that got its id later.

    Where there is no /proc to tell, it is assumed.
    """
    try:
        return str(configuration).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return not Path("/proc/self").exists()
