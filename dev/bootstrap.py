"""From any Python of the machine into the repository's virtual environment.

Standard library only, and no syntax that an old Python 3 cannot parse: refusing it is this
file's job.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO

from dev.console import RefusalError, step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
PIP_LOG = ROOT / "var" / "log" / "pip.log"
LEAST_PYTHON = (3, 11)

BASE = "requirements/base.txt"
FULL = "requirements.txt"
DEV = "requirements/dev.txt"
CONTAINED_IN = {BASE: (BASE, FULL, DEV), FULL: (FULL, DEV), DEV: (DEV,)}


def require_python() -> None:
    """Refuse a Python that is too old, in one line."""
    if sys.version_info < LEAST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        wanted = ".".join(str(part) for part in LEAST_PYTHON)
        remedy = "name another one: make PYTHON=python3.11 ..., or python3.11 dev/..."
        if Path(sys.prefix).resolve() == VENV.resolve():
            remedy = "it is .venv's own: remove .venv and start again"
        raise RefusalError(
            f"Python {wanted} or later is needed, this is {found} ({sys.executable}); {remedy}"
        )


def enter_venv(requirements: str, without: str = "") -> None:
    """Go on in `.venv` with `requirements` installed, creating and filling it when needed.

    Replaces this process by the same script under the environment's Python, unless that is what
    runs already. `without` names one package to leave out.
    """
    if not PYTHON.exists():
        create_venv()
    if not is_installed(requirements, without):
        install(requirements, without)
    if Path(sys.prefix).resolve() != VENV.resolve():
        sys.stdout.flush()
        os.execv(str(PYTHON), [str(PYTHON), *sys.argv])


def create_venv() -> None:
    """Create `.venv` with pip in it; refuse where this Python lacks the modules for that."""
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise RefusalError(
                f"{sys.executable} has no {module} module, so no virtual environment can be "
                "made; on Debian and Ubuntu: apt-get install python3-venv"
            )
    step(f"creating the virtual environment {VENV} with {sys.executable}")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        last = (made.stdout.strip().splitlines() or ["no output"])[-1]
        raise RefusalError(f"the virtual environment cannot be made: {last}")


def is_installed(requirements: str, without: str = "") -> bool:
    """Whether the environment was filled from this very text, or from a larger one's."""
    stamps = read_stamps()
    names = [
        *CONTAINED_IN[requirements],
        *([_stamp_name(requirements, without)] if without else []),
    ]
    return any(stamps.get(name) == fingerprint(name.partition(" ")[0]) for name in names)


def _stamp_name(requirements: str, without: str) -> str:
    return f"{requirements} without {without}" if without else requirements


def read_stamps() -> "dict[str, str]":
    try:
        stamps = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def fingerprint(requirements: str) -> str:
    return hashlib.sha256((ROOT / requirements).read_bytes()).hexdigest()


def install(requirements: str, without: str = "") -> None:
    """Install the pinned, hashed requirements with pip, showing what it collects."""
    name = _stamp_name(requirements, without)
    step(f"installing {name} into {VENV}")
    PIP_LOG.parent.mkdir(parents=True, exist_ok=True)
    source = ROOT / requirements
    if without:
        source = PIP_LOG.with_name("requirements.txt")
        source.write_text(leave_out(without, (ROOT / requirements).read_text()))
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--no-input", "--progress-bar", "off", "--require-hashes", "-r", str(source)]
    with PIP_LOG.open("w") as log:
        status = run_pip(command, log)
    if status != 0:
        raise RefusalError(reason_of_pip(PIP_LOG.read_text()), PIP_LOG)
    STAMP.write_text(json.dumps({**read_stamps(), name: fingerprint(requirements)}))


def leave_out(package: str, text: str) -> str:
    """The requirements without one package: its line and the indented ones that belong to it."""
    kept = []
    inside = False
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            inside = line.startswith(f"{package}==")
        if not inside:
            kept.append(line)
    return "\n".join(kept) + "\n"


def run_pip(command: "list[str]", log: "TextIO") -> int:
    """Run pip, its output in `log`; each package it collects is a line of progress."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        for line in pip.stdout or ():
            log.write(line)
            if line.startswith(("Collecting", "Building", "Installing")):
                step(f"  {line.split(' (from')[0].strip()[:90]}")
    return pip.returncode


def reason_of_pip(output: str) -> str:
    """One line that says why pip failed."""
    unreachable = (
        "NewConnectionError",
        "ConnectTimeoutError",
        "NameResolutionError",
        "ProxyError",
        "Temporary failure in name resolution",
    )
    if any(sign in output for sign in unreachable):
        return "pip cannot reach its package index: no network, or a proxy that is not set"
    errors = [line for line in output.splitlines() if line.lower().startswith("error")]
    return f"pip failed: {errors[-1] if errors else 'no error line'}"
