"""`make bench-gateway` runs to its end, on small numbers; what it measured is not judged."""

from pathlib import Path

import pytest

from bench.booking.clients import encoded
from tests.bench.quick import names, quick_results


@pytest.mark.slow
@pytest.mark.mariadb
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    results = quick_results("gateway", tmp_path)
    assert names(results) == [
        "reservation made at 20/s, added to p50",
        "reservation made, as fast as answered",
        "reservation read at 50/s, added to p50",
        "reservation read, as fast as answered",
    ]


def test_who_asks_is_in_the_request() -> None:
    request = encoded("GET", "/api/reservations", headers={"Authorization": "Bearer a.b.c"})
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"\r\nAuthorization: Bearer a.b.c\r\n" in head
    assert body == b""
