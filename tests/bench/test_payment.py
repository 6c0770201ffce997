"""`make bench-payment` runs to its end, on small numbers; what it measured is not judged."""

from pathlib import Path

import pytest

from tests.bench.quick import quick_results


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.kafka
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    results = quick_results("payment", tmp_path)
    [figure] = results["figures"]
    assert figure["median"] > 0
