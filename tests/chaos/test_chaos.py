"""`make chaos`, as a person calls it."""

import subprocess
import sys

import pytest

from dev.bootstrap import ROOT

DURATION = "90"


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.mariadb
@pytest.mark.timeout(900)
def test_a_run_with_everything_broken_violates_nothing() -> None:
    command = [sys.executable, "dev/chaos.py", "--duration", DURATION, "--seed", "1"]
    done = subprocess.run(
        command, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
