"""Departures over HTTP: the search, one of them, and its seat map."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from booking.models import Cabin, Departure, Flight, Seat
from booking.services import Traveler
from tests.booking import factories
from tests.booking.factories import PRICE
from tests.booking.http import problem_of

pytestmark = pytest.mark.django_db

Status = Departure.Status
ASKED = {"origin": "ARN", "destination": "LHR", "date": "2040-01-11"}


def search(client: Client, **changes: Any) -> Any:
    """The search for what `factories.departure` makes, with changes; None leaves one out."""
    asked = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
    return client.get("/api/departures", asked)


def found(client: Client, **changes: Any) -> list[int]:
    """The flights that are found."""
    answer = search(client, **changes)
    assert answer.status_code == 200, answer.content
    return [departure["flight_number"] for departure in answer.json()["results"]]


def look(client: Client, more: str = "", flight_number: int = 1001) -> Any:
    return client.get(f"/api/departures/{flight_number}/2040-01-11{more}")


def seats(client: Client) -> dict[str, dict[str, Any]]:
    """The seat map's seats by their numbers."""
    answer = look(client, "/seats")
    assert answer.status_code == 200, answer.content
    return {seat["seat_number"]: seat for seat in answer.json()["seats"]}


def two_cabins(*, business: int = 2, economy: int = 3, **facts: Any) -> Departure:
    """A departure with so many free seats in row 1 and in row 2."""
    prices = {"BUSINESS": 45900, "ECONOMY": PRICE}
    flight = factories.flight(**{"list_prices": prices, **facts})
    departure = factories.departure(flight, seats=[])
    for row, cabin, count in ((1, Cabin.BUSINESS, business), (2, Cabin.ECONOMY, economy)):
        Seat.objects.bulk_create(
            Seat(departure=departure, number=f"{row}{letter}", cabin=cabin)
            for letter in "ABCDEF"[:count]
        )
    return departure


# The search


def test_a_departure_is_found_with_all_that_is_to_be_known(client: Client) -> None:
    departure = two_cabins()
    factories.take("2A", of=departure)
    assert search(client).json() == {
        "results": [
            {
                "carrier": "ZQ",
                "flight_number": 1001,
                "origin": "ARN",
                "destination": "LHR",
                "departure_date": "2040-01-11",
                "departs_at": "2040-01-11T12:00:00Z",
                "arrives_at": "2040-01-11T14:45:00Z",
                "origin_zone": "Europe/Stockholm",
                "destination_zone": "Europe/London",
                "aircraft_type": "32N",
                "status": "OPEN",
                "cabins": [
                    {
                        "cabin": "ECONOMY",
                        "seats_left": 2,
                        "list_price": PRICE,
                        "currency": "EUR",
                    },
                    {
                        "cabin": "BUSINESS",
                        "seats_left": 2,
                        "list_price": 45900,
                        "currency": "EUR",
                    },
                ],
            }
        ]
    }


def test_departures_are_in_the_order_in_which_they_leave(client: Client) -> None:
    for number, hours in ((1001, 9), (1003, 3), (1005, 6)):
        departure = factories.departure(factories.flight(number))
        moved = Departure.objects.filter(pk=departure.pk)
        moved.update(departs_at=departure.departs_at - timedelta(hours=hours))
    assert found(client) == [1001, 1005, 1003]


def test_only_the_route_and_the_date_that_are_asked_for_are_found(client: Client) -> None:
    flight = factories.flight()
    for day in (1, 2):
        factories.departure(flight, in_days=day)
    back = factories.flight(1002, origin=flight.destination, destination=flight.origin)
    factories.departure(back)
    factories.departure(factories.flight(1003, destination=factories.airport("CDG")))
    assert found(client) == [1001]
    assert found(client, date="2040-01-12") == [1001]
    assert found(client, date="2040-01-13") == []
    assert found(client, origin="LHR", destination="ARN") == [1002]
    assert found(client, destination="cdg") == [1003]
    assert found(client, origin="LHR", destination="CDG") == []


def test_the_date_is_local_to_the_origin(client: Client) -> None:
    flight = factories.flight(zone="Pacific/Auckland")
    departure = factories.departure(flight)
    Departure.objects.filter(pk=departure.pk).update(
        departs_at=departure.departs_at.replace(day=10, hour=20)
    )
    assert found(client, origin="AND") == [1001]
    assert found(client, origin="AND", date="2040-01-10") == []


def test_only_the_flight_that_is_asked_for_is_found(client: Client) -> None:
    for number in (1001, 1003):
        factories.departure(factories.flight(number))
    factories.flight(1005)
    assert found(client) == [1001, 1003]
    assert found(client, flight_number=1003) == [1003]
    assert found(client, flight_number=1005) == []


@pytest.mark.parametrize("status", [Status.CLOSED, Status.DEPARTED, Status.CANCELED])
def test_what_does_not_sell_is_not_found(client: Client, status: Departure.Status) -> None:
    factories.departure(factories.flight(), status=status)
    assert found(client) == []


def test_whose_check_in_is_over_is_not_found_though_it_is_not_closed_yet(client: Client) -> None:
    """The clock here is the host's: the view reads it."""
    departure = factories.departure(factories.flight())
    for minutes, numbers in ((46, [1001]), (44, []), (-1, [])):
        leaves = timezone.now() + timedelta(minutes=minutes)
        Departure.objects.filter(pk=departure.pk).update(departs_at=leaves)
        assert found(client) == numbers


@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        ({}, True),
        ({"seats": 3}, True),
        ({"seats": 4}, False),
        ({"seats": 2, "cabin": "BUSINESS"}, True),
        ({"seats": 3, "cabin": "BUSINESS"}, False),
        ({"cabin": "FIRST"}, False),
    ],
)
def test_all_must_have_room_in_one_cabin(
    client: Client, asked: dict[str, Any], is_found: bool
) -> None:
    factories.take("2D", of=two_cabins(economy=4))
    assert found(client, **asked) == ([1001] if is_found else [])


def test_held_sold_and_blocked_seats_are_not_left(client: Client) -> None:
    departure = factories.departure(factories.flight(), seats=["1A", "1B", "1C", "1D"])
    factories.confirm(factories.reserve(seat_number="1A"))
    factories.reserve(seat_number="1B")
    Seat.objects.filter(departure=departure, number="1C").update(status=Seat.Status.BLOCKED)
    [cabin] = search(client).json()["results"][0]["cabins"]
    assert cabin["seats_left"] == 1
    factories.reserve(seat_number="1D")
    assert found(client) == []


def test_a_cabin_without_a_price_does_not_sell(client: Client) -> None:
    two_cabins(list_prices={"ECONOMY": PRICE})
    assert found(client, cabin="BUSINESS") == []
    cabins = search(client).json()["results"][0]["cabins"]
    assert [cabin["list_price"] for cabin in cabins] == [PRICE, None]


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"origin": None, "destination": None, "date": None}, {"origin", "destination", "date"}),
        ({"origin": "STOCKHOLM"}, {"origin"}),
        ({"origin": "A1N"}, {"origin"}),
        ({"destination": ""}, {"destination"}),
        ({"destination": "arn"}, {"destination"}),
        ({"date": "tomorrow"}, {"date"}),
        ({"date": "2040-02-30"}, {"date"}),
        ({"seats": 0}, {"seats"}),
        ({"seats": 10}, {"seats"}),
        ({"seats": "two"}, {"seats"}),
        ({"flight_number": -1}, {"flight_number"}),
        ({"flight_number": 2**31}, {"flight_number"}),
        ({"color": "red"}, {"color"}),
    ],
)
def test_a_search_that_cannot_be_is_refused(
    client: Client, asked: dict[str, Any], fields: set[str]
) -> None:
    problem = problem_of(search(client, **asked), 400, "invalid-request")
    assert {error["field"] for error in problem["errors"]} == fields


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"origin": "XXX"}, "unknown-airport"),
        ({"destination": "XXX"}, "unknown-airport"),
        ({"cabin": "STEERAGE"}, "unknown-cabin"),
        ({"flight_number": 4711}, "unknown-flight"),
    ],
)
def test_what_is_not_there_is_said(client: Client, asked: dict[str, Any], code: str) -> None:
    factories.departure(factories.flight())
    problem = problem_of(search(client, **asked), 404, code)
    assert str(next(iter(asked.values()))) in problem["detail"]


# One departure


def test_a_departure_looks_as_it_does_in_the_search(client: Client) -> None:
    two_cabins()
    assert look(client).json() == search(client).json()["results"][0]


@pytest.mark.parametrize("status", list(Status))
def test_a_departure_is_shown_whatever_its_status(client: Client, status: str) -> None:
    factories.departure(factories.flight(), status=Departure.Status(status))
    for more in ("", "/seats"):
        answer = look(client, more)
        assert (answer.status_code, answer.json()["status"]) == (200, status)


@pytest.mark.parametrize("more", ["", "/seats"])
def test_a_departure_that_is_not_there_is_unknown(client: Client, more: str) -> None:
    factories.flight()
    problem_of(look(client, more), 404, "unknown-departure")
    for number in (4711, 0, 10**30):
        problem_of(look(client, more, flight_number=number), 404, "unknown-flight")


@pytest.mark.parametrize(
    "path", ["1001", "1001/tomorrow", "1001/2040-02-30", "1001/2040-1-11", "x/2040-01-11"]
)
def test_what_is_no_flight_or_no_date_is_no_path(client: Client, path: str) -> None:
    factories.departure(factories.flight())
    answer = client.get(f"/api/departures/{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "about:blank")


def test_the_path_of_a_departure_is_made_from_its_date(client: Client) -> None:
    departure = factories.departure(factories.flight())
    path = reverse("departure-seats", args=[1001, departure.date])
    assert path == "/api/departures/1001/2040-01-11/seats"


# Its seat map


def test_the_seat_map_has_an_address_of_its_own(client: Client) -> None:
    factories.departure(factories.flight(), seats=["1A", "1B"])
    assert client.get("/api/seat-maps/1001/2040-01-11").json() == look(client, "/seats").json()


def test_every_seat_is_shown_with_its_state_and_nothing_else(client: Client) -> None:
    departure = factories.departure(factories.flight(), seats=["1A", "1B", "1C", "1D"])
    factories.confirm(factories.reserve(seat_number="1A"))
    factories.reserve(seat_number="1B")
    Seat.objects.filter(departure=departure, number="1C").update(status=Seat.Status.BLOCKED)
    shown = seats(client)
    assert {number: seat["status"] for number, seat in shown.items()} == {
        "1A": "SOLD",
        "1B": "HELD",
        "1C": "BLOCKED",
        "1D": "FREE",
    }
    assert shown["1A"] == {
        "seat_number": "1A",
        "row": 1,
        "letter": "A",
        "cabin": "ECONOMY",
        "position": "WINDOW",
        "exit_row": False,
        "status": "SOLD",
    }


def test_a_seat_map_begins_with_the_departure(client: Client) -> None:
    two_cabins()
    seat_map = look(client, "/seats").json()
    del seat_map["seats"]
    for cabin in seat_map["cabins"]:
        del cabin["seats_sold"]
    assert seat_map == look(client).json()


def test_what_is_left_of_a_seat_map_is_what_is_free_of_it(client: Client) -> None:
    departure = two_cabins(business=1, economy=3)
    factories.take("1A 2B", of=departure)
    cabins = look(client, "/seats").json()["cabins"]
    assert [(cabin["cabin"], cabin["seats_left"]) for cabin in cabins] == [
        ("ECONOMY", 2),
        ("BUSINESS", 0),
    ]
    assert [cabin["seats_left"] for cabin in look(client).json()["cabins"]] == [2, 0]


def test_a_seat_map_tells_how_many_seats_are_sold_in_each_booking_class(client: Client) -> None:
    factories.departure(factories.flight(), seats=["1A", "1B", "1C", "1D", "1E"])
    pair = [Traveler(1, "1A"), Traveler(2, "1B")]
    factories.confirm(factories.reserve(travelers=pair, booking_class="K"))
    factories.reserve(seat_number="1C", booking_class="M")
    factories.reserve(seat_number="1D", offered=False)
    [cabin] = look(client, "/seats").json()["cabins"]
    assert cabin["seats_sold"] == {"K": 2, "M": 1}


def test_seats_are_in_the_order_of_the_aircraft(client: Client) -> None:
    factories.departure(factories.flight(), seats=["10A", "2C", "2A", "1B", "11A", "2B"])
    assert list(seats(client)) == ["1B", "2A", "2B", "2C", "10A", "11A"]


def test_where_a_seat_is_comes_from_the_aircrafts_map(client: Client) -> None:
    departure = factories.departure(factories.flight(), seats=["12A", "12B", "12C", "14A"])
    departure.aircraft_type.layouts.update(exit_rows=[12])
    shown = seats(client)
    assert [shown[number]["position"] for number in ("12A", "12B", "12C")] == [
        "WINDOW",
        "MIDDLE",
        "AISLE",
    ]
    assert (shown["12A"]["exit_row"], shown["14A"]["exit_row"]) == (True, False)


def test_a_seat_that_the_map_does_not_have_any_more_is_shown_without_its_place(
    client: Client,
) -> None:
    departure = factories.departure(factories.flight(), seats=["1A", "31A"])
    departure.aircraft_type.layouts.update(missing_seats=["1A"])
    shown = seats(client)
    assert [shown[number]["position"] for number in ("1A", "31A")] == [None, None]
    assert (shown["31A"]["row"], shown["31A"]["letter"], shown["31A"]["status"]) == (
        31,
        "A",
        "FREE",
    )
    departure.aircraft_type.layouts.all().delete()
    assert [seat["position"] for seat in seats(client).values()] == [None, None]


# At what cost, and for how long


def full_size(number: int) -> Flight:
    """A flight with a departure of 180 seats."""
    flight = factories.flight(number)
    numbers = [f"{row}{letter}" for row in range(1, 31) for letter in "ABCDEF"]
    factories.departure(flight, seats=numbers)
    return flight


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("?origin=ARN&destination=LHR&date=2040-01-11", 2),
        ("?origin=ARN&destination=LHR&date=2040-01-12", 2),
        ("/1001/2040-01-11", 2),
        ("/1001/2040-01-11/seats", 3),
    ],
)
def test_however_much_is_shown_it_costs_the_same_few_queries(
    client: Client, django_assert_num_queries: Any, path: str, queries: int
) -> None:
    for number in (1001, 1003, 1005):
        full_size(number)
    with django_assert_num_queries(queries):
        assert client.get(f"/api/departures{path}").status_code == 200


@pytest.mark.parametrize(
    "more",
    ["?origin=ARN&destination=LHR&date=2040-01-11", "/1001/2040-01-11", "/1001/2040-01-11/seats"],
)
def test_what_is_left_is_kept_by_nobody(client: Client, more: str) -> None:
    factories.departure(factories.flight())
    assert client.get(f"/api/departures{more}").headers["Cache-Control"] == "no-store"
