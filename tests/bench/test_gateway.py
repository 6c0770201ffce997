"""`make bench-gateway` runs to its end, on small numbers; what it measured is not judged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.booking.clients import encoded
from bench.report import Bound, Figure, known_figure
from dev.bootstrap import ROOT


@pytest.mark.slow
@pytest.mark.mariadb
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    command = [sys.executable, "dev/bench.py", "gateway", "--quick", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "gateway-quick.json").read_text())
    assert [figure["name"] for figure in results["figures"]] == [
        "reservation made at 20/s, added to p50",
        "reservation made, as fast as answered",
        "reservation read at 50/s, added to p50",
        "reservation read, as fast as answered",
    ]
    assert (tmp_path / "gateway-quick.svg").exists()


def test_who_asks_is_in_the_request() -> None:
    request = encoded("GET", "/api/reservations", headers={"Authorization": "Bearer a.b.c"})
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"\r\nAuthorization: Bearer a.b.c\r\n" in head
    assert body == b""


def test_a_row_of_a_results_file_is_the_row_that_was_measured() -> None:
    figure = Figure(
        name="reservations",
        unit="/s",
        rounds=[1200.0, 1300.0],
        bound=Bound(value=1250),
        beside=[2000.0, 2100.0],
        beside_name="raw",
        ratio=Bound(value=0.7, at_most=True),
    )
    again = known_figure(figure.as_dict())
    assert again == figure
    assert again.is_met
