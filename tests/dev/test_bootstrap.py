"""Whatever keeps the scripts from starting is one clear line, and nothing is half done."""

import ast
import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from dev import bootstrap
from dev.console import RefusalError, run

OLDEST_SYNTAX = (3, 7)  # the oldest that ast knows
READ_BY_ANY_PYTHON = ("console", "bootstrap", "demo", "up", "down", "test", "lint")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own with one requirement and no virtual environment."""
    (tmp_path / "requirements").mkdir()
    for name in ("requirements/base.txt", "requirements.txt", "requirements/dev.txt"):
        (tmp_path / name).write_text("example==1.0 --hash=sha256:" + "0" * 64 + "\n")
    venv = tmp_path / ".venv"
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", venv / "installed.json")
    monkeypatch.setattr(bootstrap, "PIP_LOG", tmp_path / "var" / "log" / "pip.log")
    return tmp_path


@pytest.mark.parametrize("name", READ_BY_ANY_PYTHON)
def test_an_old_python_can_read_what_refuses_it(name: str) -> None:
    source = Path(bootstrap.__file__).with_name(f"{name}.py").read_text()
    ast.parse(source, feature_version=OLDEST_SYNTAX)


def test_an_old_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(RefusalError, match=r"Python 3\.11 or later is needed, this is 3\.10\.13"):
        bootstrap.require_python()


def test_this_python_is_fit() -> None:
    bootstrap.require_python()


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_is_refused_before_anything_is_made(
    module: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == module else find(name)
    )
    with pytest.raises(RefusalError, match=f"no {module} module.*python3-venv"):
        bootstrap.enter_venv(bootstrap.BASE)
    assert not (checkout / ".venv").exists()


def test_a_missing_network_is_said(checkout: Path) -> None:
    output = "WARNING: Retrying: NewConnectionError(...)\nERROR: No matching distribution found"
    assert "no network" in bootstrap.reason_of_pip(output)


def test_another_failure_of_pip_is_quoted() -> None:
    output = "Collecting example\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n"
    assert bootstrap.reason_of_pip(output) == (
        "pip failed: ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"
    )


@pytest.mark.slow
def test_without_a_network_the_environment_is_not_taken_for_filled(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    bootstrap.create_venv()
    with pytest.raises(RefusalError, match="no network") as refused:
        bootstrap.install(bootstrap.BASE)
    assert refused.value.log == checkout / "var" / "log" / "pip.log"
    assert not bootstrap.is_installed(bootstrap.BASE)


def test_what_was_installed_from_another_text_is_stale(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    bootstrap.STAMP.write_text('{"requirements/base.txt": "of another text"}')
    assert not bootstrap.is_installed(bootstrap.BASE)


def test_a_fuller_environment_will_do(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    text = (checkout / "requirements" / "dev.txt").read_bytes()
    bootstrap.STAMP.write_text(f'{{"requirements/dev.txt": "{hashlib.sha256(text).hexdigest()}"}}')
    assert bootstrap.is_installed(bootstrap.BASE)
    assert bootstrap.is_installed(bootstrap.DEV)


def test_an_environment_without_a_package_is_not_taken_for_the_whole(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    text = (checkout / "requirements" / "dev.txt").read_bytes()
    bootstrap.STAMP.write_text(
        f'{{"requirements/dev.txt without mysqlclient": "{hashlib.sha256(text).hexdigest()}"}}'
    )
    assert bootstrap.is_installed(bootstrap.DEV, without="mysqlclient")
    assert not bootstrap.is_installed(bootstrap.DEV)


def test_a_package_is_left_out_with_its_hashes() -> None:
    text = "a==1 \\\n    --hash=sha256:1\n    # via b\nb==2 \\\n    --hash=sha256:2\nc==3\n"
    assert bootstrap.leave_out("b", text) == ("a==1 \\\n    --hash=sha256:1\n    # via b\nc==3\n")


def test_a_refusal_is_the_end_of_its_log_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "some.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))

    def main() -> int:
        raise RefusalError("it does not start", log)

    with pytest.raises(SystemExit) as ended:
        run(main)
    said: Any = capsys.readouterr().err.splitlines()
    assert ended.value.code == 1
    assert said[-2:] == ["    line 99", f"error: it does not start (log: {log})"]
    assert "    line 0" not in said
