"""`make bench-saga` runs to its end, on small numbers; what it measured is not judged."""

from itertools import count, pairwise
from pathlib import Path
from uuid import UUID

import pytest

from bench.saga.passages import OTHERS, STEPS, WAY, Incomplete, between, complete, lines
from bench.saga.told import Told
from dev.console import RefusalError
from tests.bench.quick import names, quick_results

WHOLE = dict(zip((*WAY, *OTHERS), count(1_000.0, 0.002), strict=False))


@pytest.mark.slow
@pytest.mark.mariadb
@pytest.mark.kafka
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    results = quick_results("saga", tmp_path)
    found = names(results)
    assert found[:2] == ["POST → CONFIRMED at 20/s, p50", "POST → CONFIRMED at 20/s, p99"]
    assert found[2].endswith("still warming up")
    assert len(found) == 3 + len(STEPS) + len(OTHERS) + 1 + 2 + 1


def test_the_steps_follow_each_other_from_post_to_confirmed() -> None:
    assert STEPS[0][0] == "due"
    assert STEPS[-1][1] == "CONFIRMED"
    assert all(step[1] == following[0] for step, following in pairwise(STEPS))


def test_the_steps_add_up_to_the_whole() -> None:
    parts = sum(between([WHOLE], *step)[0] for step in STEPS)
    assert parts == pytest.approx(between([WHOLE], "due", "CONFIRMED")[0])
    assert parts == pytest.approx(16)


@pytest.mark.parametrize("moment", [*WAY, *OTHERS])
def test_nothing_is_said_of_a_way_that_lacks_a_moment(moment: str) -> None:
    assert complete(WHOLE) == WHOLE
    with pytest.raises(Incomplete, match=moment):
        complete({name: at for name, at in WHOLE.items() if name != moment})


def test_a_round_is_told_by_step_and_since_it_was_due() -> None:
    told = lines([WHOLE, WHOLE])
    assert told[1].split() == ["request", "written", "2.0", "2.0", "2.0", "2.0"]
    assert told[len(STEPS)].split() == ["CONFIRMED", "16.0", "16.0", "2.0", "2.0"]
    assert len(told) == 1 + len(STEPS) + len(OTHERS)


TOLD = Told(UUID(int=1), pending=100.0, confirmed=100.01)


@pytest.mark.parametrize(("not_yet", "seen"), [(100.004, 100.005), (99.9, 100.2), (99.9, 100.001)])
def test_a_moment_goes_with_what_a_client_was_told_however_late_it_is_seen(
    not_yet: float, seen: float
) -> None:
    TOLD.must_agree(not_yet, seen)


@pytest.mark.parametrize(("not_yet", "seen"), [(99.97, 99.98), (100.02, 100.03)])
def test_a_moment_that_goes_against_what_a_client_was_told_is_refused(
    not_yet: float, seen: float
) -> None:
    with pytest.raises(RefusalError, match="was told PENDING"):
        TOLD.must_agree(not_yet, seen)
