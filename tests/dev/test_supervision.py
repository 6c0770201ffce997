"""The process manager keeps programs running, and nothing outlives it, however it ends."""

import configparser
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dev.console import RefusalError
from dev.supervision import (
    LONGEST_SOCKET_PATH,
    Program,
    Supervisor,
    render,
    socket_path,
    wait_for,
)

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")


def configuration(folder: Path, *programs: Program) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(render(folder, folder / "env", programs))
    return parser


def eventually(is_true: Callable[[], bool]) -> None:
    wait_for(is_true, 15, "what the test waits for", Path("no.log"))


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisord that keeps one sleeping program."""
    (tmp_path / "env").touch()
    supervisor = Supervisor(tmp_path, tmp_path / "env")
    supervisor.configure([Program("sleeper", SLEEP)])
    supervisor.start(as_child=True)
    yield supervisor
    supervisor.shutdown()


@pytest.fixture
def sleeper(supervisor: Supervisor) -> psutil.Process:
    """The running program."""
    supervisor.start_program("sleeper")
    eventually(lambda: supervisor.states()["sleeper"].state == "RUNNING")
    return psutil.Process(supervisor.states()["sleeper"].pid)


def test_programs_restart_for_ever_and_start_only_when_asked(tmp_path: Path) -> None:
    section = configuration(tmp_path, Program("relay", SLEEP))["program:relay"]
    assert section["autostart"] == "false"
    assert section["autorestart"] == "true"
    assert int(section["startretries"]) >= 1_000_000
    assert section["stopsignal"] == "TERM"
    assert section["killasgroup"] == "true"
    assert section["stdout_logfile"] == f"{tmp_path}/log/relay.log"


def test_a_program_that_keeps_its_state_in_memory_stays_dead(tmp_path: Path) -> None:
    broker = Program("broker", SLEEP, group="servers", restarts=False)
    section = configuration(tmp_path, broker)["program:broker"]
    assert (section["autorestart"], section["startretries"]) == ("false", "0")


def test_processes_end_before_the_servers_they_need(tmp_path: Path) -> None:
    written = configuration(tmp_path, Program("kafka", SLEEP, group="servers"), Program("a", SLEEP))
    assert int(written["group:servers"]["priority"]) < int(written["group:processes"]["priority"])


def test_odd_characters_in_paths_and_arguments_survive(tmp_path: Path) -> None:
    odd = tmp_path / "100% of it"
    command = ("/a b/python", "-c", "print('%d')")
    section = configuration(odd, Program("odd", command))["program:odd"]
    # supervisor expands %(…)s and %%, then splits the command as a shell would
    assert tuple(shlex.split(section["command"] % {}))[-3:] == command
    assert section["stdout_logfile"] % {} == f"{odd}/log/odd.log"


def test_a_socket_has_a_path_that_the_kernel_takes(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    assert len(str(socket_path(deep, "supervisord.sock"))) < LONGEST_SOCKET_PATH
    assert socket_path(deep, "a.sock") != socket_path(deep / "other", "a.sock")
    assert socket_path(Path("/srv"), "a.sock") == Path("/srv/a.sock")


def test_a_killed_program_runs_again(supervisor: Supervisor, sleeper: psutil.Process) -> None:
    supervisor.signal_program("sleeper", signal.SIGKILL)
    eventually(lambda: supervisor.states()["sleeper"].state == "RUNNING")
    assert supervisor.states()["sleeper"].pid != sleeper.pid


def test_a_stopped_program_stays_stopped_until_it_is_started(
    supervisor: Supervisor, sleeper: psutil.Process
) -> None:
    supervisor.stop_program("sleeper")
    supervisor.stop_program("sleeper")
    assert not sleeper.is_running()
    assert supervisor.states()["sleeper"].state == "STOPPED"
    supervisor.start_program("sleeper")
    supervisor.start_program("sleeper")
    assert supervisor.states()["sleeper"].pid


def test_a_program_that_keeps_ending_is_named_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("REASON=out of luck\n")
    says_why = "import os; exit(os.environ['REASON'])"
    supervisor = Supervisor(tmp_path, tmp_path / "env")
    supervisor.configure([Program("hasty", (sys.executable, "-c", says_why))])
    supervisor.start(as_child=True)
    try:
        check = supervisor.crash_watch(["hasty"])
        supervisor.start_program("hasty")
        with pytest.raises(RefusalError, match="hasty does not stay up") as refused:
            wait_for(lambda: False, 20, "nothing", tmp_path, check)
        assert refused.value.log is not None
        assert "out of luck" in refused.value.log.read_text()
    finally:
        supervisor.shutdown()


def test_nothing_is_left_after_shutdown(supervisor: Supervisor, sleeper: psutil.Process) -> None:
    pid = supervisor.pid()
    assert pid is not None
    supervisor.shutdown()
    assert not sleeper.is_running()
    assert supervisor.pid() is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_killed_supervisord_takes_its_programs_along(
    supervisor: Supervisor, sleeper: psutil.Process
) -> None:
    pid = supervisor.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not sleeper.is_running())


def test_after_a_kill_another_start_finds_no_obstacle(
    supervisor: Supervisor, sleeper: psutil.Process
) -> None:
    pid = supervisor.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not supervisor.is_alive())
    supervisor.start(as_child=True)
    supervisor.start_program("sleeper")
    eventually(lambda: supervisor.states()["sleeper"].state == "RUNNING")


def test_the_id_of_another_program_is_not_taken_for_supervisord(tmp_path: Path) -> None:
    (tmp_path / "supervisord.pid").write_text(str(os.getpid()))
    assert Supervisor(tmp_path, tmp_path / "env").pid() is None


def test_waiting_ends_with_what_was_waited_for(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(RefusalError, match=r"the broker is not ready after 0 s"):
        wait_for(lambda: False, 0.2, "the broker", tmp_path / "broker.log")
    assert time.monotonic() - begun < 5
