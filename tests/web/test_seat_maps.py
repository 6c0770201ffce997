"""How an aircraft is drawn."""

from typing import Any

import msgspec
import pytest

from tests.web.api import CHARGES, DEPARTURE, seat
from web.answers import SeatMap
from web.seat_maps import Drawing, Terms, draw


def drawn(*seats: dict[str, Any], **terms: Any) -> Drawing:
    seat_map = msgspec.convert({**DEPARTURE, "seats": seats}, SeatMap)
    return draw(seat_map, Terms(**{"cabin": "ECONOMY", "charges": CHARGES, **terms}))


def row(letters: str) -> list[dict[str, Any]]:
    return [seat(f"1{letter}") for letter in letters if letter != " "]


@pytest.mark.parametrize(
    "letters", ["AC DF", "ABC DEF", "ABC DEFG HJK", "AC DG HK", "AB DEF HK", "A D"]
)
def test_aisles_are_where_they_are_in_every_aircraft(letters: str) -> None:
    (cabin,) = drawn(*row(letters)).cabins
    assert " ".join("".join(group) for group in cabin.letters) == letters


def test_a_seat_that_is_missing_leaves_its_place_empty() -> None:
    (cabin,) = drawn(seat("1A"), seat("1B"), seat("2B")).cabins
    (first, second) = cabin.rows[1].groups[0]
    assert first is None
    assert second is not None
    assert second.number == "2B"


def test_cabins_are_drawn_from_the_front_and_only_one_is_open() -> None:
    drawing = drawn(seat("1A", cabin="BUSINESS"), seat("9A"))
    assert [(one.cabin, one.is_open) for one in drawing.cabins] == [
        ("BUSINESS", False),
        ("ECONOMY", True),
    ]
    assert [place.state for place in drawing.places] == ["closed", "free"]


@pytest.mark.parametrize(
    ("status", "state"), [("FREE", "free"), ("HELD", "held"), ("SOLD", "taken"), ("X", "taken")]
)
def test_what_a_seat_is(status: str, state: str) -> None:
    (place,) = drawn(seat("1A", status)).places
    assert place.state == state
    assert place.can_be_chosen == (state == "free")


def test_ones_own_seat_can_be_kept_and_a_dearer_one_not_taken() -> None:
    drawing = drawn(seat("1B", "SOLD"), seat("1E"), seat("1C"), own=frozenset({"1B"}), most=500)
    assert [place.state for place in drawing.places] == ["own", "dearer", "free"]
    assert drawing.states == {"own", "free", "dearer"}


def test_a_seat_costs_what_the_dearest_of_its_characteristics_costs() -> None:
    drawing = drawn(seat("1A"), seat("1B"), seat("2B", exit_row=True))
    assert [place.price for place in drawing.places] == [900, 500, 2500]
    assert drawing.prices == (500, 900, 2500)
    assert [place.tier for place in drawing.places] == [1, 0, 2]


def test_exit_rows_are_marked() -> None:
    (cabin,) = drawn(seat("1A"), seat("2A", exit_row=True)).cabins
    assert [one.is_exit for one in cabin.rows] == [False, True]
