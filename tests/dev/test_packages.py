"""What the machine lacks is installed when permitted, and else named exactly."""

import shutil
import subprocess
from typing import Any

import pytest

from dev import packages
from dev.console import RefusalError
from dev.packages import Need


class Machine:
    """A machine that lacks one package; records what is run on it."""

    def __init__(self) -> None:
        self.lacks = True
        self.commands: list[str] = []

    def run(self, command: list[str], **_: Any) -> "subprocess.CompletedProcess[str]":
        self.commands.append(" ".join(command))
        self.lacks = not any("install" in line for line in self.commands)
        return subprocess.CompletedProcess(command, 0)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """One without MariaDB's server, with apt-get, where nobody sits at a terminal."""
    machine = Machine()
    needs = (Need("mariadb-server-core", lambda: not machine.lacks), Need("gcc", lambda: True))
    monkeypatch.setattr(packages, "NEEDS", needs)
    monkeypatch.setattr(packages.subprocess, "run", machine.run)  # type: ignore[attr-defined]
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr("os.getuid", lambda: 0)
    monkeypatch.delenv("CI", raising=False)
    return machine


INSTALL = "apt-get install -y --no-install-recommends mariadb-server-core"


def test_without_a_terminal_the_exact_command_is_said_and_nothing_run(machine: Machine) -> None:
    with pytest.raises(RefusalError) as refused:
        packages.ensure()
    assert str(refused.value).endswith(f"sudo {INSTALL}")
    assert machine.commands == []


def test_ci_installs_without_asking(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    packages.ensure()
    assert machine.commands == [
        "env DEBIAN_FRONTEND=noninteractive apt-get update",
        f"env DEBIAN_FRONTEND=noninteractive {INSTALL}",
    ]


@pytest.mark.parametrize(("answer", "agreed"), [("y", True), ("", False), ("no", False)])
def test_on_a_terminal_the_person_decides(
    answer: str, agreed: bool, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    if agreed:
        packages.ensure()
    else:
        with pytest.raises(RefusalError):
            packages.ensure()
    assert bool(machine.commands) is agreed


def test_another_distribution_is_told_what_it_lacks(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(RefusalError, match=r"missing here.*mariadb-server-core"):
        packages.ensure()


def test_this_machine_is_left_alone_when_it_lacks_nothing(machine: Machine) -> None:
    machine.lacks = False
    packages.ensure()
    assert machine.commands == []


def test_what_some_tests_need_besides_is_installed_for_them_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    browser = Need("chromium", lambda: not machine.lacks)
    packages.ensure((browser,))
    assert machine.commands[-1] == f"env DEBIAN_FRONTEND=noninteractive {INSTALL} chromium"


def test_what_apt_has_not_installed_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(RefusalError, match=r"could not install nothing-of-that-name$"):
        packages.ensure((Need("nothing-of-that-name", lambda: False),))
