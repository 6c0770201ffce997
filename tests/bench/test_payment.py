"""`make bench-payment` runs to its end, on small numbers; what it measured is not judged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dev.bootstrap import ROOT


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.kafka
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    command = [sys.executable, "dev/bench.py", "payment", "--quick", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "payment-quick.json").read_text())
    [figure] = results["figures"]
    assert figure["median"] > 0
    assert (tmp_path / "payment-quick.svg").exists()
