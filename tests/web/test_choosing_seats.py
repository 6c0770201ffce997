"""The seat map of a departure."""

import re

import pytest

from tests.web.api import DAY, Api, offer, problem
from tests.web.conftest import Visitor

PAGE = f"/departures/1001/{DAY}/seats?cabin=ECONOMY&fare=LIGHT&adults=1"


def inputs(page: str) -> dict[str, str]:
    """The seats that can be chosen, by their number, as they are read out."""
    found = re.findall(
        r'<input type="(?:radio|checkbox)" name="seat" value="(\w+)"[^>]*aria-label="([^"]*)"', page
    )
    return dict(found)


def test_free_seats_can_be_chosen_and_others_cannot(api: Api, visitor: Visitor) -> None:
    seats = inputs(visitor.get(PAGE))
    assert {"1A", "1F", "2F", "3C"} <= seats.keys()
    assert not {"2A", "2B"} & seats.keys()


def test_a_seat_says_where_it_is_and_what_it_costs(api: Api, visitor: Visitor) -> None:
    seats = inputs(visitor.get(PAGE))
    assert seats["1A"] == "1A, window, €9.00"
    assert seats["1B"] == "1B, middle, €5.00"
    assert seats["3A"] == "3A, window, exit row, €25.00"


def test_where_seats_are_included_they_cost_nothing(api: Api, visitor: Visitor) -> None:
    flex = offer("FLEX")
    flex["price"]["conditions"]["seat_charges"] = {}
    api.answers["POST /api/offers"] = (200, {"results": [flex]})
    seats = inputs(visitor.get(PAGE.replace("LIGHT", "FLEX")))
    assert seats["1A"] == "1A, window"


def test_a_chosen_seat_is_marked_and_is_in_the_price(api: Api, visitor: Visitor) -> None:
    page = visitor.get(f"{PAGE}&seat=1c")
    assert 'value="1C" checked' in page
    assert "€84.00" in visitor.text()


def test_one_passenger_may_choose_one_seat_or_none(api: Api, visitor: Visitor) -> None:
    page = visitor.get(PAGE)
    assert '<input type="radio" name="seat" value="" checked' in page
    assert 'type="checkbox"' not in page


def test_several_choose_several(api: Api, visitor: Visitor) -> None:
    page = visitor.get(f"{PAGE.replace('adults=1', 'adults=2')}&seat=1B&seat=1C")
    assert 'type="radio"' not in page
    chosen = [one.get("seat_number") for one in api.body("POST /api/offers")["passengers"]]
    assert chosen == ["1B", "1C"]


def test_a_seat_that_was_taken_meanwhile_is_told(api: Api, visitor: Visitor) -> None:
    visitor.get(f"{PAGE}&seat=2A")
    assert visitor.status == 200
    assert "has just been taken" in visitor.text()
    assert "€75.00" in visitor.text()


def test_a_family_that_is_not_sold_any_more_leads_back_to_what_is(
    api: Api, visitor: Visitor
) -> None:
    visitor.get(PAGE.replace("LIGHT", "SAVER"))
    assert visitor.status == 409
    assert f"/departures?origin=ARN&amp;destination=LHR&amp;date={DAY}" in visitor.page


def test_without_any_price_it_leads_back_too(api: Api, visitor: Visitor) -> None:
    api.answers["POST /api/offers"] = problem(409, "class-closed")
    visitor.get(f"{PAGE}&seat=1A")
    assert visitor.status == 409


@pytest.mark.parametrize(
    "query",
    [
        "",
        "cabin=ECONOMY",
        "cabin=economy&fare=LIGHT&adults=1",
        "cabin=ECONOMY&fare=LIGHT&adults=0",
        "cabin=ECONOMY&fare=LIGHT&adults=10",
        "cabin=ECONOMY&fare=LIGHT&adults=x",
        "cabin=ECONOMY&fare=LIGHT&adults=1&seat=1A&seat=1A",
        "cabin=ECONOMY&fare=LIGHT&adults=1&seat=0Z",
    ],
)
def test_an_address_of_no_page_is_not_found(api: Api, visitor: Visitor, query: str) -> None:
    visitor.get(f"/departures/1001/{DAY}/seats?{query}")
    assert visitor.status == 404
    assert "There is no such page." in visitor.page


@pytest.mark.parametrize("day", ["2040-02-31", "someday"])
def test_a_day_that_never_comes_is_not_found(api: Api, visitor: Visitor, day: str) -> None:
    visitor.get(f"/departures/1001/{day}/seats?cabin=ECONOMY&fare=LIGHT&adults=1")
    assert visitor.status == 404


def test_the_price_follows_the_choice_with_a_script_alone(api: Api, visitor: Visitor) -> None:
    page = visitor.get(PAGE)
    assert f'hx-get="/departures/1001/{DAY}/seats" hx-trigger="change"' in page
    assert f'<form action="/departures/1001/{DAY}/passengers"' in page
