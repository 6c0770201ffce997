"""`make bench-outbox` runs to its end, on small numbers; what it measured is not judged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.durability import REQUIRED, require
from dev.bootstrap import ROOT
from dev.console import RefusalError


@pytest.mark.parametrize(
    "lossy",
    [{"innodb_flush_log_at_trx_commit": "2"}, {"acks": "1"}, {"enable.idempotence": False}],
    ids=str,
)
def test_settings_that_lose_data_are_refused(lossy: dict[str, object]) -> None:
    require(REQUIRED)
    with pytest.raises(RefusalError, match=next(iter(lossy))):
        require({**REQUIRED, **lossy})


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.kafka
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    command = [sys.executable, "dev/bench.py", "outbox", "--quick", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "outbox-quick.json").read_text())
    assert {"innodb_flush_log_at_trx_commit", "acks"} <= set(results["settings"])
    assert len(results["figures"]) == 8
    assert (tmp_path / "outbox-quick.svg").exists()
