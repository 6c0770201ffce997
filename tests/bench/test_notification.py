"""`make bench-notification` runs to its end, on small numbers; what it measured is not judged."""

from pathlib import Path

import pytest

from tests.bench.quick import quick_results


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.kafka
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    results = quick_results("notification", tmp_path)
    webhooks, mails = results["figures"]
    assert webhooks["median"] > 0
    assert mails["median"] > 0
