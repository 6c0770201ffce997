"""Which free seats are chosen: held over all sets of them, and on some that are easy to see."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.seating import LETTERS, best_choices, nearest_seats, place

NUMBERS = [f"{row}{letter}" for row in range(1, 13) for letter in "ABCDEFGHJK"]
FREE = st.sets(st.sampled_from(NUMBERS))
COUNT = st.integers(1, 9)


def rows(seats: list[str]) -> int:
    """How many rows further back the last of some seats is."""
    return place(seats[-1])[0] - place(seats[0])[0]


def best_seats(free: Iterable[str], count: int) -> list[str]:
    """The best choice that is furthest to the front; nothing where there is none."""
    return next(iter(best_choices(free, count)), [])


def side_by_side(free: set[str], count: int) -> bool:
    """Whether some row has so many free seats next to each other."""
    runs = [LETTERS[start : start + count] for start in range(len(LETTERS) - count + 1)]
    return any({f"{row}{x}" for x in run} <= free for row in range(1, 13) for run in runs)


@given(FREE, COUNT)
def test_the_chosen_are_free_different_and_as_many_as_wanted_if_there_are(
    free: set[str], count: int
) -> None:
    chosen = best_seats(free, count)
    assert len(chosen) == len(set(chosen)) == (count if len(free) >= count else 0)
    assert set(chosen) <= free


@given(FREE, COUNT)
def test_who_can_sit_side_by_side_does(free: set[str], count: int) -> None:
    if side_by_side(free, count):
        chosen = best_seats(free, count)
        letters = [place(number)[1] for number in chosen]
        assert rows(chosen) == 0
        assert letters[-1] - letters[0] == count - 1


@given(FREE, COUNT)
def test_no_other_choice_spans_fewer_rows(free: set[str], count: int) -> None:
    chosen = best_seats(free, count)
    if chosen:
        for first in range(1, 13):
            within = range(first, first + rows(chosen))
            assert sum(place(number)[0] in within for number in free) < count


@given(FREE, COUNT)
def test_the_order_in_which_free_seats_are_named_does_not_matter(
    free: set[str], count: int
) -> None:
    ordered = sorted(free)
    assert best_seats(ordered, count) == best_seats(ordered[::-1], count)


@pytest.mark.parametrize(
    ("free", "count", "chosen"),
    [
        ("10A 2B 9C", 1, "2B"),
        ("1A 1C 2D 2E", 2, "2D 2E"),
        ("1A 1C 3A 4A", 2, "1A 1C"),
        ("1F 2A 5C 5D", 3, "2A 5C 5D"),
        ("7H 7J 8A", 2, "7H 7J"),
        ("1A 1B 2A 2B", 2, "1A 1B"),
    ],
)
def test_a_group_sits_together_and_else_near_and_else_in_front(
    free: str, count: int, chosen: str
) -> None:
    assert best_seats(free.split(), count) == chosen.split()


@given(FREE, COUNT)
def test_the_choices_are_as_close_together_as_the_best_and_share_no_seat(
    free: set[str], count: int
) -> None:
    choices = best_choices(free, count)
    seats = [number for choice in choices for number in choice]
    assert len(seats) == len(set(seats)) == count * len(choices)
    assert len({rows(choice) for choice in choices}) == bool(choices)
    assert seats == sorted(seats, key=place)


def test_pairs_choose_among_all_pairs_that_are_side_by_side() -> None:
    free = ["1A", "1B", "1C", "2A", "2C", "3A", "3B", "3C", "3D"]
    assert best_choices(free, 2) == [["1A", "1B"], ["3A", "3B"], ["3C", "3D"]]


@given(FREE, st.sampled_from(NUMBERS), st.integers(0, 9))
def test_no_free_seat_that_is_left_out_is_in_a_nearer_row(
    free: set[str], to: str, limit: int
) -> None:
    offered = nearest_seats(free, to, limit=limit)
    assert len(offered) == min(limit, len(free))
    distance = {number: abs(place(number)[0] - place(to)[0]) for number in free}
    farthest = max((distance[number] for number in offered), default=0)
    if offered:
        assert all(distance[number] >= farthest for number in free - set(offered))


def test_the_nearest_are_beside_then_before_and_behind() -> None:
    free = ["12B", "12F", "11A", "13A", "10A", "1A"]
    assert nearest_seats(free, "12A", limit=5) == ["12B", "12F", "11A", "13A", "10A"]
