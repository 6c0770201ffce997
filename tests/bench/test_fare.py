"""`make bench-fare` runs to its end, on small numbers; what it measured is not judged."""

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
    command = [sys.executable, "dev/bench.py", "fare", "--quick", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "fare-quick.json").read_text())
    assert [figure["name"] for figure in results["figures"]] == [
        "pricing an itinerary at 50/s, p50",
        "pricing an itinerary at 50/s, p99",
        "offers, booking asked at 50/s, p50",
        "offers, booking asked at 50/s, p99",
        "POST → CONFIRMED with a quoting step, p50",
        "the quoting step, p50",
        "verifying an offer, p99",
    ]
    assert (tmp_path / "fare-quick.svg").exists()
