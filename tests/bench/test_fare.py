"""`make bench-fare` runs to its end, on small numbers; what it measured is not judged."""

from pathlib import Path

import pytest

from tests.bench.quick import names, quick_results


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.kafka
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    results = quick_results("fare", tmp_path)
    assert names(results) == [
        "pricing an itinerary at 50/s, p50",
        "pricing an itinerary at 50/s, p99",
        "offers, booking asked at 50/s, p50",
        "offers, booking asked at 50/s, p99",
        "POST → CONFIRMED with a quoting step, p50",
        "the quoting step, p50",
        "verifying an offer, p99",
    ]
