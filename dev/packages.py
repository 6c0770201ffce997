"""What the machine itself must have for MariaDB, Kafka and a browser, and how it gets it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dev.apache_kafka import find_java
from dev.bootstrap import ROOT
from dev.console import RefusalError, step
from dev.mariadb import find

LOG = ROOT / "var" / "log" / "apt.log"


@dataclass(frozen=True)
class Need:
    """Something the machine must have: the distribution's package, and how one sees it there."""

    package: str
    is_met: Callable[[], bool]


NEEDS = (
    Need("mariadb-server-core", lambda: bool(find("mariadbd") and find("mariadb-install-db"))),
    Need("mariadb-client-core", lambda: bool(find("mariadb"))),
    Need("libmariadb-dev", lambda: bool(shutil.which("mariadb_config"))),
    Need("pkg-config", lambda: bool(shutil.which("pkg-config"))),
    Need("gcc", lambda: bool(shutil.which("cc") or shutil.which("gcc"))),
    Need("libc6-dev", lambda: Path("/usr/include/stdio.h").exists()),
    Need("python3-dev", lambda: Path(sysconfig.get_path("include"), "Python.h").exists()),
    Need("default-jdk-headless", lambda: find_java() is not None),
    Need("maven", lambda: shutil.which("mvn") is not None),
)
# What the tests in a browser need besides; the browser's driver comes with Playwright's package.
BROWSER = (Need("chromium", lambda: shutil.which("chromium") is not None),)


def missing(also: tuple[Need, ...] = ()) -> list[str]:
    """The packages that have to be installed, by their names in Debian and Ubuntu."""
    return [need.package for need in (*NEEDS, *also) if not need.is_met()]


def is_ci() -> bool:
    """Whether CI runs this: nobody can be asked, and what is missing is a failure."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def ensure(also: tuple[Need, ...] = ()) -> None:
    """Install what is missing: asked for on a terminal, without asking under CI=true.

    Refuses, naming the exact command, where it may not or cannot. None of these packages starts a
    service. `also`: what is needed besides `NEEDS`.
    """
    packages = missing(also)
    if not packages:
        return
    command = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise RefusalError(
            f"missing here, by Debian's names: {' '.join(packages)}; install their like with this "
            "machine's package manager and start again"
        )
    if not (is_ci() or _agreed(packages)):
        raise RefusalError(f"missing packages; install them and start again: sudo {command}")
    _install(command)
    if packages := missing(also):
        raise RefusalError(f"apt-get could not install {' '.join(packages)}", LOG)


def _agreed(packages: list[str]) -> bool:
    if not sys.stdin.isatty():
        return False
    question = f"Not installed yet: {' '.join(packages)}. Install with apt-get now? [y/N] "
    return input(question).strip().lower() in {"y", "yes"}


def _install(command: str) -> None:
    """Run apt-get, as root or by sudo; its output goes to a log."""
    prefix = [] if os.getuid() == 0 else ["sudo", *(["-n"] if is_ci() else [])]
    LOG.parent.mkdir(parents=True, exist_ok=True)
    step(command)
    with LOG.open("w") as output:
        for words in (["apt-get", "update"], command.split()):
            done = subprocess.run(
                [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *words],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
    if done.returncode != 0:
        raise RefusalError(f"this failed: {command}", LOG)
