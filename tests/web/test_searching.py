"""From a route and a date to prices."""

import re

import pytest

from tests.web.api import DAY, DEPARTURE, Api, offer, problem
from tests.web.conftest import Visitor

SEARCH = f"/departures?origin=Stockholm&destination=lhr&date={DAY}"


def test_the_front_page_needs_nobody(visitor: Visitor) -> None:
    assert "Where do you want to go?" in visitor.get("/")
    assert visitor.value("origin") == "Stockholm (ARN)"


def test_a_departure_has_its_times_its_seats_and_a_price_for_each_family(
    api: Api, visitor: Visitor
) -> None:
    visitor.get(SEARCH)
    text = visitor.text()
    for shown in ("07:40", "09:25", "2 h 45 min", "9 seats left", "Light", "Flex", "€75.00"):
        assert shown in text


def test_cities_are_sent_as_the_codes_of_their_airports(api: Api, visitor: Visitor) -> None:
    visitor.get(SEARCH)
    (asked,) = api.sent("GET /api/departures")
    assert asked.target == f"/api/departures?origin=ARN&destination=LHR&date={DAY}&seats=1"


def test_everybody_is_priced_as_what_they_are(api: Api, visitor: Visitor) -> None:
    visitor.get(f"{SEARCH}&adults=1&children=1&infants=1")
    kinds = [one["type"] for one in api.body("POST /api/offers")["passengers"]]
    assert kinds == ["ADULT", "CHILD", "INFANT"]


def test_each_cabin_is_priced_by_itself(api: Api, visitor: Visitor) -> None:
    cabins = [*DEPARTURE["cabins"], {**DEPARTURE["cabins"][0], "cabin": "BUSINESS"}]
    api.answers["GET /api/departures"] = (200, {"results": [{**DEPARTURE, "cabins": cabins}]})
    visitor.get(SEARCH)
    assert len(api.sent("POST /api/offers")) == 2


def test_what_the_fares_do_not_allow_is_shown_without_a_price(api: Api, visitor: Visitor) -> None:
    api.answers["POST /api/offers"] = problem(409, "advance-purchase")
    assert "Not sold at this moment" in visitor.get(SEARCH)
    assert visitor.status == 200


def test_a_cabin_without_room_for_all_has_no_price(api: Api, visitor: Visitor) -> None:
    full = {**DEPARTURE, "cabins": [{**DEPARTURE["cabins"][0], "seats_left": 1}]}
    api.answers["GET /api/departures"] = (200, {"results": [full]})
    assert "Not sold at this moment" in visitor.get(f"{SEARCH}&adults=2")


def test_a_price_of_another_departure_is_not_shown(api: Api, visitor: Visitor) -> None:
    api.answers["POST /api/offers"] = (200, {"results": [offer(flight_number=7)]})
    assert "Not sold at this moment" in visitor.get(SEARCH)


def test_a_day_without_departures_says_so(api: Api, visitor: Visitor) -> None:
    api.answers["GET /api/departures"] = (200, {"results": []})
    assert "Nothing flies that day" in visitor.get(SEARCH)


def test_the_days_beside_are_one_step_away(api: Api, visitor: Visitor) -> None:
    visitor.get(SEARCH)
    found = re.findall(r'href="\?[^"]*date=([0-9-]*)', visitor.page)
    assert found == ["2040-01-09", "2040-01-11"]


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        (f"origin=Nowhere&destination=LHR&date={DAY}", "origin", "no such airport"),
        (f"origin=ARN&destination=&date={DAY}", "destination", "required"),
        (f"origin=ARN&destination=Stockholm&date={DAY}", "destination", "where you start"),
        ("origin=ARN&destination=LHR&date=tomorrow", "date", "year, month and day"),
        (f"origin=ARN&destination=LHR&date={DAY}&adults=6&children=4", "adults", "At most nine"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field_and_what_was_typed_stays(
    api: Api, visitor: Visitor, query: str, field: str, told: str
) -> None:
    visitor.get(f"/departures?{query}")
    assert told in visitor.error(field)
    assert visitor.value("origin") == query.partition("=")[2].partition("&")[0]
    assert not api.service.seen


def test_an_airport_that_the_airline_does_not_know_is_told_beside_its_field(
    api: Api, visitor: Visitor
) -> None:
    api.answers["GET /api/departures"] = problem(404, "unknown-airport", "There is no airport XXX.")
    visitor.get(f"/departures?origin=ARN&destination=XXX&date={DAY}")
    assert visitor.error("destination") == "There is no airport XXX."
    assert visitor.value("destination") == "XXX"


def test_where_one_has_to_sign_in_the_search_goes_on_afterwards(api: Api, visitor: Visitor) -> None:
    api.answers["GET /api/departures"] = (401, {})
    visitor.get(SEARCH)
    assert visitor.status == 302
    assert visitor.location.startswith("/sign-in?next=%2Fdepartures%3Forigin")


def test_booking_that_is_down_is_said_and_can_be_asked_again(api: Api, visitor: Visitor) -> None:
    api.answers["GET /api/departures"] = (503, {})
    page = visitor.get(SEARCH)
    assert visitor.status == 503
    assert "does not answer just now" in page
    assert f'href="{SEARCH.replace("&", "&amp;")}">Try again' in page
