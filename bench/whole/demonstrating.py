"""How soon `make demo` has shown its first CONFIRMED, and what it takes of memory."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil

from bench.report import Bound, Figure
from dev.bootstrap import ROOT
from dev.console import RefusalError, step
from dev.ports import free_offset
from dev.processes import SERVICES

START_SECONDS: Final = 120
END_SECONDS: Final = 30
SETTLE_SECONDS: Final = 5
MOST_START_SECONDS: Final = 20
MOST_PROCESS_MB: Final = 100
MOST_WHOLE_MB: Final = 1200
# What the servers of this benchmark are set to is not the demo's.
KEPT: Final = ("PATH", "HOME", "LANG", "USER")


class Demonstrating:
    """Rounds of starting the demo anew."""

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._largest: list[float] = []
        self._whole: list[float] = []
        self._by_process: dict[str, float] = {}

    def prepare(self) -> None:
        """Install what is missing: that is not measured."""
        with self._demo() as process:
            _wait_confirmed(process)

    def round(self) -> None:
        """Once."""
        started = time.monotonic()
        with self._demo() as process:
            _wait_confirmed(process)
            self._seconds.append(time.monotonic() - started)
            time.sleep(SETTLE_SECONDS)
            self._measure(process.pid)
        step(
            f"  demo: CONFIRMED after {self._seconds[-1]:.1f} s, largest process "
            f"{self._largest[-1]:.0f} MB, all together {self._whole[-1]:.0f} MB"
        )

    def figures(self) -> Iterator[Figure]:
        """The rows of the table."""
        for name, unit, rounds, most in (
            ("make demo, to the first CONFIRMED", "s", self._seconds, MOST_START_SECONDS),
            ("largest Python process, resident", "MB", self._largest, MOST_PROCESS_MB),
            ("the whole demo, proportional", "MB", self._whole, MOST_WHOLE_MB),
        ):
            yield Figure(
                name=name,
                unit=unit,
                rounds=rounds,
                bound=Bound(value=most, at_most=True),
                notes={"resident_mb": self._by_process} if unit == "MB" else {},
            )

    @contextmanager
    def _demo(self) -> Iterator["subprocess.Popen[str]"]:
        with TemporaryDirectory(dir=ROOT / "var") as folder:
            offset = free_offset([service.port for service in SERVICES])
            arguments = ("--port-offset", str(offset), "--folder", folder)
            process = subprocess.Popen(
                [sys.executable, "-u", "dev/demo.py", *arguments],
                cwd=ROOT,
                env={name: os.environ[name] for name in KEPT if name in os.environ},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            try:
                yield process
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=END_SECONDS)

    def _measure(self, pid: int) -> None:
        demo = psutil.Process(pid)
        resident: dict[str, float] = {}
        whole = 0.0
        for number, one in enumerate([demo, *demo.children(recursive=True)]):
            memory = one.memory_full_info()
            whole += memory.pss / 2**20
            resident[f"{number} {_name(one.cmdline())}"] = memory.rss / 2**20
        self._largest.append(max(resident.values()))
        self._whole.append(whole)
        self._by_process = resident


def _name(command: list[str]) -> str:
    return " ".join(Path(word).name for word in command[1:4])


def _wait_confirmed(process: "subprocess.Popen[str]") -> None:
    """Until the demo says that its reservation is CONFIRMED.

    Raises:
        RefusalError: it ends before, or does not say so.
    """
    assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
    deadline, lines = time.monotonic() + START_SECONDS, []
    while time.monotonic() < deadline:
        if not select.select([process.stdout], [], [], 1)[0]:
            continue
        line = process.stdout.readline()
        lines.append(line)
        if "CONFIRMED" in line:
            return
        if not line:
            raise RefusalError(f"the demo ended: {''.join(lines)[-800:]}")
    raise RefusalError(f"the demo has confirmed nothing in {START_SECONDS} s")
