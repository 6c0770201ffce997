"""`make bench-notification` runs to its end, on small numbers; what it measured is not judged."""

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
    command = [sys.executable, "dev/bench.py", "notification", "--quick"]
    done = subprocess.run(
        [*command, "--results", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "notification-quick.json").read_text())
    webhooks, mails = results["figures"]
    assert webhooks["median"] > 0
    assert mails["median"] > 0
    assert (tmp_path / "notification-quick.svg").exists()
