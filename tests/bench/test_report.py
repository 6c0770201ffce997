"""The table judges as it promises to."""

import json
from pathlib import Path

from bench.plot import svg
from bench.report import Bound, Figure, measured, table, write


def _figure(**changed: object) -> Figure:
    given: dict[str, object] = {"name": "drain", "unit": "rows/s", "rounds": [90, 100, 400]}
    return Figure(**{**given, **changed})  # type: ignore[arg-type]


def test_the_median_is_judged_and_not_the_best_round() -> None:
    assert _figure(bound=Bound(value=100)).is_met
    assert not _figure(bound=Bound(value=101)).is_met


def test_an_upper_bound_is_one() -> None:
    assert _figure(bound=Bound(value=100, at_most=True)).is_met
    assert not _figure(bound=Bound(value=99, at_most=True)).is_met


def test_the_ratio_is_the_median_of_the_rounds_own() -> None:
    figure = _figure(beside=[180, 200, 200], ratio=Bound(value=0.5))
    assert figure.share == 0.5
    assert figure.is_met


def test_a_missed_ratio_is_a_missed_row() -> None:
    assert not _figure(beside=[900, 900, 900], ratio=Bound(value=0.5)).is_met


def test_what_saturates_stands_in_for_a_bound() -> None:
    figure = _figure(bound=Bound(value=1000), excuse="the processors are")
    assert figure.is_met
    assert "the processors are" in table([figure])


def test_a_limit_that_is_off_by_more_than_thirty_percent_is_suspect() -> None:
    known = Bound(value=1000)
    assert not _figure(beside=[700] * 3, known=known).is_limit_suspect
    suspect = _figure(beside=[699] * 3, known=known)
    assert suspect.is_limit_suspect
    assert "limit suspect" in table([suspect])


def test_a_machine_that_is_not_quiet_is_told() -> None:
    assert "not a quiet machine" in table([_figure(notes={"cores": {"others": 1.2}})])


def test_what_is_missed_is_seen_in_the_table_the_file_and_the_picture(tmp_path: Path) -> None:
    figure = _figure(name="p50 < p99", bound=Bound(value=1000))
    assert table([figure]).splitlines()[1].startswith("MISSED")
    written = json.loads(write(tmp_path, "drains", {"quick": True}, [figure]).read_text())
    assert written["figures"][0]["met"] is False
    assert "p50 &lt; p99" in svg("outbox", "here", [figure])


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
    again = measured(figure.as_dict())
    assert again == figure
    assert again.is_met
