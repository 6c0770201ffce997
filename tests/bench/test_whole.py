"""`make bench` runs to its end, on small numbers; what it measured is not judged."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.report import Bound, Figure
from bench.whole import curves, page
from bench.whole.stages import Stage, kept_up, knee, what_limits
from tests.bench.quick import names, quick_results

FIGURES = [
    "reservations, distinct seats",
    "make demo, to the first CONFIRMED",
    "largest Python process, resident",
    "the whole demo, proportional",
    "POST → CONFIRMED at 5/s, p50, with an offer",
    "POST → CONFIRMED at 5/s, p99, with an offer",
    "POST → CONFIRMED at 5/s, p50, without",
    "POST → CONFIRMED at 5/s, p99, without",
    "confirmed reservations, kept up",
    "the knee: p50 leaves twice that of 5/s",
    "20 at once, beside 1,000 reservations",
]


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.kafka
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    results = quick_results("whole", tmp_path)
    assert names(results) == FIGURES
    text = (tmp_path / "whole-quick.html").read_text()
    assert all(name in text for name in FIGURES)
    assert (tmp_path / "whole-quick-load.svg").exists()


@dataclass(frozen=True)
class Kept:
    per_second: int
    is_kept_up: bool


def test_what_was_kept_up_is_the_highest_rate_that_was() -> None:
    assert kept_up([Kept(5, True), Kept(10, True), Kept(15, False)]) == 10
    assert kept_up([Kept(5, False)]) == 0


def _stage(per_second: int, p50: float, late: float = 0.1) -> Stage:
    return Stage(per_second, {50: p50, 99: 2 * p50}, {"CONFIRMED": 1.0}, late, {"mariadb": 40.0})


def test_a_rate_is_kept_up_if_nothing_is_left_soon_after_it() -> None:
    assert _stage(5, 20, late=4.0).is_kept_up
    assert not _stage(5, 20, late=4.1).is_kept_up


def test_the_knee_is_the_last_rate_at_which_latency_is_low() -> None:
    assert knee([_stage(5, 20), _stage(10, 25), _stage(15, 39), _stage(20, 41)]) == 15


def test_what_limits_says_for_how_many_the_processors_have_time() -> None:
    told = what_limits({"mariadb": 30.0, "kafka": 10.0}, 200)
    assert "each takes 40.0 ms of processor time (mariadb 30.0, kafka 10.0, …)" in told


def test_the_curves_have_a_point_for_every_rate() -> None:
    drawn = curves.svg("Load", {"p50": [(5, 20.0), (10, 800.0)]}, {"knee": 5})
    assert drawn.count("<circle") == 2
    assert "knee: 5/s" in drawn


def test_the_page_says_what_was_missed_and_why(tmp_path: Path) -> None:
    figures = [
        Figure(name="kept up", unit="/s", rounds=[30], bound=Bound(value=200), remark="a < b"),
        Figure(name="start", unit="s", rounds=[9], bound=Bound(value=20, at_most=True)),
    ]
    page.write(tmp_path, figures, quick=False)
    text = (tmp_path / "whole.html").read_text()
    assert 'class="missed">missed' in text
    assert "a &lt; b" in text
    assert 'class="met">met' in text
    assert not (tmp_path / "whole-load.svg").exists()
