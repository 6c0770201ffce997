"""Airports, aircraft types and seat maps."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from booking.models import AircraftType, Airport, Cabin, CabinLayout, Place
from contracts import values
from tests.booking import factories


def layout(**facts: Any) -> CabinLayout:
    defaults = {"cabin": "ECONOMY", "first_row": 1, "last_row": 3, "letters": "ABC DEF"}
    return CabinLayout(**{**defaults, **facts})


def numbers(**facts: Any) -> list[str]:
    return [place.number for place in layout(**facts).places()]


def places(**facts: Any) -> dict[str, Place]:
    return {place.number: place for place in layout(**facts).places()}


def test_a_cabin_has_every_letter_in_every_row() -> None:
    assert numbers(first_row=6, last_row=7, letters="AC DF") == (
        ["6A", "6C", "6D", "6F", "7A", "7C", "7D", "7F"]
    )


@pytest.mark.parametrize(
    ("letters", "positions"),
    [
        ("ABC DEF", "WINDOW MIDDLE AISLE AISLE MIDDLE WINDOW"),
        ("AC DF", "WINDOW AISLE AISLE WINDOW"),
        ("A CD", "WINDOW AISLE WINDOW"),
        ("ABC DEFG HJK", "WINDOW MIDDLE AISLE AISLE MIDDLE MIDDLE AISLE AISLE MIDDLE WINDOW"),
        ("A D F", "WINDOW AISLE WINDOW"),
    ],
)
def test_the_aisles_say_what_a_seat_is_beside(letters: str, positions: str) -> None:
    row = layout(letters=letters, last_row=1).places()
    assert [place.position for place in row] == positions.split()


def test_a_row_may_lack_a_seat_and_a_cabin_a_row() -> None:
    assert numbers(letters="A C", missing_seats=["1A", "2A", "2C"]) == ["1C", "3A", "3C"]


def test_only_the_blocked_seats_are_blocked_and_only_exit_rows_are() -> None:
    found = places(blocked_seats=["3A"], exit_rows=[2])
    assert [number for number, place in found.items() if place.is_blocked] == ["3A"]
    assert {place.row for place in found.values() if place.is_exit_row} == {2}


def test_events_describe_a_seat_by_what_it_is_beside() -> None:
    found = places(exit_rows=[2])
    assert found["1B"].described() == values.Seat(number="1B", characteristics=("MIDDLE",))
    assert found["2A"].described() == (
        values.Seat(number="2A", characteristics=("WINDOW", "EXIT_ROW"))
    )


@pytest.mark.django_db
def test_a_seat_map_is_all_cabins_from_the_front_to_the_back() -> None:
    aircraft = AircraftType.objects.create(code="32Q", name="Airbus A321")
    aircraft.layouts.create(cabin="ECONOMY", first_row=2, last_row=2, letters="A C")
    aircraft.layouts.create(cabin="BUSINESS", first_row=1, last_row=1, letters="A C")
    assert [(number, place.cabin) for number, place in aircraft.seat_map.items()] == [
        ("1A", Cabin.BUSINESS),
        ("1C", Cabin.BUSINESS),
        ("2A", Cabin.ECONOMY),
        ("2C", Cabin.ECONOMY),
    ]
    assert aircraft.cabins() == {Cabin.BUSINESS, Cabin.ECONOMY}


def refused(one: Any) -> set[str]:
    with pytest.raises(ValidationError) as refusal:
        one.full_clean()
    return set(refusal.value.message_dict)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("exit_rows", [4]),
        ("exit_rows", ["2"]),
        ("exit_rows", [True]),
        ("exit_rows", 2),
        ("blocked_seats", ["4A"]),
        ("blocked_seats", ["2G"]),
        ("blocked_seats", ["2 "]),
        ("blocked_seats", ["02A"]),
        ("blocked_seats", ["A"]),
        ("blocked_seats", [""]),
        ("blocked_seats", [2]),
        ("blocked_seats", "2A"),
        ("missing_seats", ["1A", "9F"]),
        ("letters", "ABI"),
        ("letters", "AB  CD"),
        ("letters", "ABC CDE"),
        ("letters", " A"),
        ("letters", ""),
        ("first_row", 0),
        ("last_row", 100),
        ("cabin", "ATTIC"),
    ],
)
def test_a_layout_that_cannot_be_is_refused(field: str, value: Any) -> None:
    aircraft = AircraftType.objects.create(code="32Q", name="Airbus A321")
    assert field in refused(layout(aircraft_type=aircraft, **{field: value}))


@pytest.mark.django_db
def test_a_row_that_another_cabin_has_is_refused() -> None:
    aircraft = factories.aircraft_type(rows=30)
    beside = layout(aircraft_type=aircraft, first_row=31, last_row=32)
    beside.full_clean()
    assert "first_row" in refused(layout(aircraft_type=aircraft, first_row=30, last_row=32))


@pytest.mark.django_db
def test_a_layout_may_be_mended_where_it_is() -> None:
    mended = factories.aircraft_type().layouts.get()
    mended.blocked_seats = ["1A"]
    mended.full_clean()


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", "AR"), ("code", "arn"), ("zone", "Europe/Atlantis"), ("country", "S")],
)
@pytest.mark.django_db
def test_an_airport_that_cannot_be_is_refused(field: str, value: str) -> None:
    facts = {"code": "ARN", "name": "Arlanda", "city": "Stockholm", "country": "SE"}
    airport = Airport(**{**facts, "zone": "Europe/Stockholm", field: value})
    assert refused(airport) == {field}
