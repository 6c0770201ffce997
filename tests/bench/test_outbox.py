"""`make bench-outbox` runs to its end, on small numbers; what it measured is not judged."""

from pathlib import Path

import pytest

from bench.durability import REQUIRED, require
from dev.console import RefusalError
from tests.bench.quick import quick_results


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
    results = quick_results("outbox", tmp_path)
    assert {"innodb_flush_log_at_trx_commit", "acks"} <= set(results["settings"])
    assert len(results["figures"]) == 8
