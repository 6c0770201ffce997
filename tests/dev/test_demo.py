"""`make demo`, as a person meets it: run for real, on other ports and in another folder."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dev.bootstrap import ROOT
from dev.ports import free_offset
from dev.processes import SERVICES
from dev.supervision import wait_for

UP = "up until Ctrl-C"


@pytest.fixture
def offset() -> int:
    return free_offset([service.port for service in SERVICES])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "demo"


@pytest.fixture
def start(folder: Path, offset: int) -> Iterator[subprocess.Popen[str]]:
    """A demo that has been started."""
    process = subprocess.Popen(
        command(folder, offset), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with process:
        yield process
        process.terminate()


def command(folder: Path, offset: int, *more: str) -> list[str]:
    script = str(ROOT / "dev" / "demo.py")
    options = ["--folder", str(folder), "--port-offset", str(offset)]
    return [sys.executable, script, *options, *more]


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """What the demo says, up to a line with this text."""
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return "".join(said)
    raise AssertionError(f"the demo ended without saying {text!r}:\n{''.join(said)}")


def of_this_demo(folder: Path) -> list[psutil.Process]:
    """The processes that were started for the demo in this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(folder) in " ".join([*process.cmdline(), *process.environ().values()]):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]


def assert_nothing_is_left(folder: Path) -> None:
    wait_for(lambda: not of_this_demo(folder), 30, "the end of the demo", folder)
    assert not (folder / "env").exists()


def test_a_port_in_use_is_one_line_and_nothing_is_started(folder: Path, offset: int) -> None:
    taken = SERVICES[0].port + offset
    with socket.create_server(("127.0.0.1", taken)):
        shown = subprocess.run(command(folder, offset), capture_output=True, text=True, check=False)
    assert shown.returncode == 1
    assert len(shown.stderr.splitlines()) == 1
    assert f"port {taken} is in use" in shown.stderr
    assert_nothing_is_left(folder)


@pytest.mark.slow
def test_once_shows_the_way_to_confirmed_and_ends(folder: Path, offset: int) -> None:
    shown = subprocess.run(
        command(folder, offset, "--once"), capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert '"status": "PENDING"' in shown.stdout
    assert "says CONFIRMED" in shown.stdout
    assert "payment  PaymentAuthorized published" in shown.stdout
    assert_nothing_is_left(folder)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_told_to_end_leaves_nothing(
    number: signal.Signals, start: "subprocess.Popen[str]", folder: Path
) -> None:
    read_until(start, UP)
    assert (folder / "env").exists()
    start.send_signal(number)
    assert start.wait(30) == 0
    assert_nothing_is_left(folder)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["starting broker", "migrate", "starting the processes", UP])
def test_a_demo_that_is_killed_leaves_nothing(
    moment: str, start: "subprocess.Popen[str]", folder: Path
) -> None:
    read_until(start, moment)
    start.kill()
    start.wait()
    assert_nothing_is_left(folder)


@pytest.mark.slow
def test_a_second_demo_is_refused_while_one_runs(
    start: "subprocess.Popen[str]", folder: Path, offset: int
) -> None:
    read_until(start, UP)
    second = subprocess.run(command(folder, offset), capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert f"already running (pid {start.pid})" in second.stderr
    assert (folder / "env").exists()


@pytest.mark.slow
def test_a_demo_whose_process_does_not_start_names_it_and_its_log(
    folder: Path, offset: int
) -> None:
    shown = subprocess.run(
        command(folder, offset, "--once"),
        env={**os.environ, "OPERATIONS_IN_FLIGHT": "none at all"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 1
    last = shown.stderr.splitlines()[-1]
    assert "payment-migrate failed" in last
    assert str(folder / "log" / "payment-migrate.log") in last
    assert "OPERATIONS_IN_FLIGHT" in shown.stderr
    assert_nothing_is_left(folder)
