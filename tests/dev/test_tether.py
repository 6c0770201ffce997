"""A tethered command has its settings, and ends with the process that started it."""

import subprocess
import sys
from pathlib import Path

import psutil

from dev.bootstrap import ROOT
from dev.supervision import tethered, wait_for

SHOWS = (sys.executable, "-c", "import os; print(os.environ['A'], os.environ['B'])")
# Starts a tethered sleeper, says its id and waits: it is killed by the test.
STARTS_A_SLEEPER = """
import subprocess, sys
from dev.bootstrap import ROOT
from dev.supervision import tethered
sleep = "import time; print('asleep', flush=True); time.sleep(600)"
sleeper = tethered([sys.executable, "-c", sleep])
child = subprocess.Popen(sleeper, stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


def test_settings_come_from_the_file_and_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("A=one two=2\nB=three\n# C=four\n")
    command = tethered(SHOWS, environment_file=file, environment=["B=five"])
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout == "one two=2 five\n"


def test_a_command_ends_when_its_parent_is_killed() -> None:
    command = [sys.executable, "-c", STARTS_A_SLEEPER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        sleeper = psutil.Process(int(parent.stdout.readline()))
        assert sleeper.is_running()
        parent.kill()
    wait_for(lambda: not sleeper.is_running(), 10, "the sleeper's end", Path("no.log"))


def test_a_command_whose_parent_is_gone_does_not_start(tmp_path: Path) -> None:
    begun = subprocess.run(
        tethered(SHOWS, parent=tmp_path / "no such file"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert begun.returncode != 0
    assert "has ended" in begun.stderr
    assert begun.stdout == ""
