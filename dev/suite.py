"""Runs the parts of the test suite, on servers that it starts and stops."""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dev import environment
from dev.backings import Servers
from dev.bootstrap import ROOT
from dev.console import RefusalError, explain, step
from dev.folders import private_folder
from dev.packages import is_ci
from dev.parts import OUTBOX_DATABASE, Part, parts
from dev.stack import Stack

NOTHING_COLLECTED = 5  # pytest's exit status


@dataclass(frozen=True)
class Outcome:
    """What became of one part."""

    part: str
    status: int
    seconds: float
    passed: int
    failed: int
    skipped: int
    failures: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        if self.status == NOTHING_COLLECTED:
            return "no tests"
        return "ok" if self.status == 0 else "FAILED"

    @property
    def is_failure(self) -> bool:
        return self.status not in {0, NOTHING_COLLECTED}


class Suite:
    """One run of the parts whose folders are named (all when none is)."""

    def __init__(self, names: Sequence[str], *, slow: bool, pytest_arguments: list[str]) -> None:
        unknown = set(names) - {part.folder for part in parts()}
        if unknown:
            known = sorted({part.folder for part in parts()})
            raise RefusalError(f"no such part: {', '.join(unknown)}; there are {', '.join(known)}")
        self._parts = [part for part in parts() if not names or part.folder in names]
        self._slow = slow
        self._arguments = pytest_arguments
        self._folder = private_folder("test")

    def run(self, *, servers: bool) -> int:
        """Run everything and print a table; 0 when nothing failed.

        `servers`: whether this machine has what MariaDB and Kafka need.
        """
        stack = None
        if servers and any(part.variables for part in self._parts):
            stack = self._start_servers()
            servers = stack is not None
        if not servers:
            print("!" * 99 + "\nNO MARIADB AND KAFKA HERE: their tests are SKIPPED\n" + "!" * 99)
        able = [part for part in self._parts if servers or not part.needs_servers]
        try:
            addresses = environment.read(stack.environment_file) if stack else {}
            outcomes = self._run_all(able, addresses, servers=servers)
        finally:
            if stack is not None:
                stack.stop()
        _print_table(outcomes)
        ran = any(outcome.passed or outcome.failed for outcome in outcomes)
        return int(not (ran or self._slow) or any(outcome.is_failure for outcome in outcomes))

    def _start_servers(self) -> Stack | None:
        """MariaDB and Kafka for the parts; None, said why, where they do not start (not in CI)."""
        backing = Servers(self._folder, databases=[OUTBOX_DATABASE])
        stack = Stack(self._folder, backing, services=())
        try:
            stack.start()
        except RefusalError as refusal:
            if is_ci():
                raise
            explain(refusal)
            stack.stop()
            return None
        return stack

    def _run_all(
        self, able: Sequence[Part], addresses: dict[str, str], *, servers: bool
    ) -> list[Outcome]:
        """Two lanes beside each other, so that neither core is left over: one begins with those
        parts that have systems of their own, so that there is one at a time. The others are shared
        out, the largest first. Those that want the machine come afterwards, by themselves."""

        def run(part: Part) -> Outcome:
            return self._run(part, addresses, servers=servers)

        alone = [part for part in able if part.wants_the_machine(slow=self._slow)]
        systems = [part for part in able if part.is_system and part not in alone]
        neither = [part for part in able if part not in [*alone, *systems]]
        others = deque(sorted(neither, key=size, reverse=True))

        def lane(begin: Sequence[Part]) -> list[Outcome]:
            return [run(part) for part in chain(begin, popped(others))]

        with ThreadPoolExecutor(2) as pool:
            lanes = list(pool.map(lane, (systems, ())))
        return [*chain(*lanes), *map(run, alone)]

    def _run(self, part: Part, addresses: dict[str, str], *, servers: bool) -> Outcome:
        """Run one part, and print each line of its output behind its name."""
        marks = part.marks(slow=self._slow, servers=servers)
        say(part.name, f"begins ({marks})")
        report = self._folder / f"{part.name.replace(' ', '-')}.xml"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", f"tests/{part.folder}", "-m", marks]
        begun = time.monotonic()
        with subprocess.Popen(
            [*command, "-q", f"--junitxml={report}", *self._arguments],
            cwd=ROOT,
            env=self._environment(part, addresses),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as pytest:
            for line in pytest.stdout or ():
                say(part.name, line.rstrip())
        status = pytest.returncode
        seconds = time.monotonic() - begun
        return Outcome(part.name, status, seconds, *count(report), tuple(failures(report)))

    def _environment(self, part: Part, addresses: dict[str, str]) -> dict[str, str]:
        variables = {**os.environ, "TRIAL": "1"}
        if part.settings:
            variables["DJANGO_SETTINGS_MODULE"] = part.settings
        if "KAFKA_BOOTSTRAP_SERVERS" in addresses:
            variables["KAFKA_BOOTSTRAP_SERVERS"] = addresses["KAFKA_BOOTSTRAP_SERVERS"]
        for variable, database in part.variables.items():
            on_sqlite = f"sqlite:///{self._folder}/{database}.sqlite3"
            on_mariadb = addresses.get(f"{database.upper()}_DATABASE_URL", "")
            variables[variable] = on_mariadb if part.on_mariadb else on_sqlite
        return variables


def popped(left: "deque[Part]") -> Iterator[Part]:
    """The parts that are left, each given out once, whichever lane asks."""
    with suppress(IndexError):
        while True:
            yield left.popleft()


def size(part: Part) -> int:
    """How large a part is, about: how many files of tests it has."""
    return sum(1 for _ in (ROOT / "tests" / part.folder).rglob("test_*.py"))


def say(part: str, line: str) -> None:
    """Print a line of a part whole, whatever another part prints."""
    sys.stdout.write(f"{part:<20} | {line}\n")
    sys.stdout.flush()


def count(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped, of pytest's JUnit report; zeros when it wrote none."""
    if not report.exists():
        return 0, 0, 0
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 (our own pytest's)
    skipped = sum(case.find("skipped") is not None for case in cases)
    failed = sum(bool({"failure", "error"} & {part.tag for part in case}) for case in cases)
    return len(cases) - failed - skipped, failed, skipped


def failures(report: Path) -> Iterator[str]:
    """Which tests of pytest's JUnit report failed, and the first line of why."""
    if not report.exists():
        return
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 (our own pytest's)
        why = next((part for part in case if part.tag in {"failure", "error"}), None)
        if why is not None:
            told, *_ = why.get("message", "").splitlines() or [""]
            yield f"{case.get('classname')}::{case.get('name')}: {told[:300]}"


def _print_table(outcomes: Sequence[Outcome]) -> None:
    print(f"\n{'part':<24} {'':<8} {'passed':>7} {'failed':>7} {'skipped':>7} {'seconds':>8}")
    for outcome in outcomes:
        counts = f"{outcome.passed:>7} {outcome.failed:>7} {outcome.skipped:>7}"
        print(f"{outcome.part:<24} {outcome.word:<8} {counts} {outcome.seconds:>8.1f}")
    passed, failed, skipped = (
        sum(getattr(outcome, name) for outcome in outcomes)
        for name in ("passed", "failed", "skipped")
    )
    step("all parts have run")
    for outcome in outcomes:
        for failure in outcome.failures:
            print(f"FAILED {outcome.part}: {failure}")
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
