"""Charts as the pages draw them."""

import itertools
from datetime import timedelta

import pytest

from tests.web.standing import NOW
from web.charts import AXIS, HEIGHT, WIDTH, by_minute

FOOT = HEIGHT - AXIS


def test_the_parts_of_a_bar_stand_upon_each_other_from_the_foot() -> None:
    (bar,) = by_minute([(NOW, {"PENDING": 1, "CONFIRMED": 3})]).bars
    low, high = bar.parts
    assert (low.status, high.status) == ("CONFIRMED", "PENDING")
    assert low.y + low.height == pytest.approx(FOOT)
    assert high.y + high.height == pytest.approx(low.y)
    assert low.height == pytest.approx(3 * high.height, abs=0.5)


def test_bars_stay_within_the_chart_and_apart() -> None:
    minutes = [(NOW + timedelta(minutes=number), {"CONFIRMED": 999}) for number in range(15)]
    chart = by_minute(minutes)
    ends = [(bar.x, bar.x + bar.width) for bar in chart.bars]
    assert chart.left < ends[0][0]
    assert ends[-1][1] < WIDTH
    assert all(end < begin for (_, end), (begin, _) in itertools.pairwise(ends))
    assert min(bar.parts[0].y for bar in chart.bars) > 0


@pytest.mark.parametrize(("most", "top"), [(0, 2), (2, 2), (3, 4), (7, 10), (11, 20), (100, 100)])
def test_the_scale_ends_at_a_round_figure(most: int, top: int) -> None:
    assert by_minute([(NOW, {"CONFIRMED": most})]).lines[-1].figure == top


def test_only_statuses_that_there_are_get_a_column_and_a_place_in_the_legend() -> None:
    chart = by_minute([(NOW, {"REJECTED": 1}), (NOW, {"CONFIRMED": 2, "PENDING": 0})])
    assert chart.statuses == ("CONFIRMED", "REJECTED")
    assert [bar.counts for bar in chart.bars] == [(0, 1), (2, 0)]
    assert chart.total == 3


def test_where_nothing_was_sold_there_is_an_empty_chart() -> None:
    chart = by_minute([])
    assert (chart.bars, chart.total) == ((), 0)
