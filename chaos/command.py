"""What `make chaos` does, once it is in the virtual environment."""

import shutil
from pathlib import Path

from chaos import report
from chaos.invariants import violations
from chaos.run import run
from dev.console import step
from dev.folders import private_folder


def chaos(*, seed: int, duration: float) -> int:
    """Run, print what it came to, and write it; 0 when every invariant held.

    Raises:
        RefusalError: the system does not start.
    """
    folder = private_folder("chaos")
    step(f"seed {seed}, {duration:.0f} s, everything below {folder}")
    try:
        evidence = run(folder, seed=seed, duration=duration)
    finally:
        for server in ("mariadb", "kafka"):  # the logs stay
            shutil.rmtree(folder / server / "data", ignore_errors=True)
    found = violations(evidence)
    for line in report.lines(evidence, found):
        print(line)
    if found:
        for line in report.stories(evidence, found):
            print(line)
    print(f"\n{report.write(folder, evidence, found)}")
    return int(bool(found))


def judge(file: Path) -> int:
    """Judge the evidence of an earlier run again; 0 when every invariant held."""
    evidence = report.read(file)
    found = violations(evidence)
    for line in (*report.lines(evidence, found), *report.stories(evidence, found)):
        print(line)
    return int(bool(found))
