"""Several passengers: all their seats or none, named or chosen."""

from datetime import date
from typing import Any

import msgspec
import pytest
from django.test import Client

from booking.models import CabinLayout, Departure, Reservation, ReservationPassenger, Seat
from contracts.booking import ReservationCreated
from outbox.events import history
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.booking.http import post, problem_of

pytestmark = pytest.mark.django_db

SEATS = "1A 1B 1C 2A 2B 2C 3A 3B 3C"
DATE = "2040-01-11"
BUSINESS_PRICE = 45900


@pytest.fixture(autouse=True)
def departure() -> Departure:
    """A small aircraft, on January 11."""
    prices = {"ECONOMY": factories.PRICE, "BUSINESS": BUSINESS_PRICE}
    return factories.departure(factories.flight(list_prices=prices), seats=SEATS.split())


def people(*numbers: str | None, **facts: Any) -> list[dict[str, Any]]:
    """A passenger for each seat number; None is a passenger without one."""
    seats = ({"seat_number": number} if number else {} for number in numbers)
    return [{"passenger_id": who, **seat, **facts} for who, seat in enumerate(seats, 1)]


def book(client: Client, passengers: list[dict[str, Any]], **facts: Any) -> Any:
    return post(client, {"flight_number": 1001, "passengers": passengers, **facts})


def seats_of(response: Any) -> list[str]:
    assert response.status_code == 201, response.content
    return [passenger["seat_number"] for passenger in response.json()["passengers"]]


def assert_nothing_is_written() -> None:
    for model in (Reservation, ReservationPassenger, OutboxEvent):
        assert not model._default_manager.exists()
    assert not Seat.objects.filter(status=Seat.Status.HELD).exists()


def test_everybody_gets_the_seat_that_was_named(client: Client) -> None:
    assert seats_of(book(client, people("3C", "1A", "2B"))) == ["3C", "1A", "2B"]
    held = Seat.objects.filter(status=Seat.Status.HELD).values_list("number", flat=True)
    assert set(held) == {"3C", "1A", "2B"}


def test_the_first_passenger_is_the_reservations(client: Client) -> None:
    answer = book(client, people("3C", "1A")).json()
    assert (answer["passenger_id"], answer["seat_number"]) == (1, "3C")
    stored = ReservationPassenger.objects.order_by("id").values_list("passenger_id", "seat_number")
    assert list(stored) == [(1, "3C"), (2, "1A")]


def test_a_reservation_costs_each_passengers_list_price(client: Client) -> None:
    assert book(client, people("3C", "1A", "2B")).json()["amount"] == 3 * factories.PRICE


def test_events_name_every_passenger_and_seat_but_nobodys_name(client: Client) -> None:
    answer = book(client, people("3C", "1A", given_name="Eva", surname="Berg")).json()
    created, asked, contact = (row.payload for row in history(answer["id"]))
    said = msgspec.json.decode(created, type=ReservationCreated).reservation.passengers
    assert [(p.passenger_id, p.seat.number if p.seat else "") for p in said] == [
        (1, "3C"),
        (2, "1A"),
    ]
    assert "Berg" in contact
    assert "Berg" not in created + asked


def test_nine_fly_together(client: Client) -> None:
    assert set(seats_of(book(client, people(*SEATS.split())))) == set(SEATS.split())


# Without a date


def test_a_group_takes_the_next_departure_that_has_all_its_seats(client: Client) -> None:
    flight = Departure.objects.get().flight
    factories.take("1B", of=Departure.objects.get())
    second = factories.departure(flight, in_days=2, seats=SEATS.split())
    assert seats_of(book(client, people("1A", "1B"))) == ["1A", "1B"]
    assert Reservation.objects.get().departure == second


def test_a_group_whose_seats_are_together_free_nowhere_is_refused(client: Client) -> None:
    factories.take("1B", of=Departure.objects.get())
    problem = problem_of(book(client, people("1A", "1B")), 409, "seat-taken")
    assert problem["seats"] == ["1A", "1B"]
    assert not Reservation.objects.exists()


def test_chosen_seats_are_on_the_next_departure_that_has_enough(client: Client) -> None:
    first = Departure.objects.get()
    factories.take("1A 1B 1C 2A 2B 2C 3A", of=first)
    second = factories.departure(first.flight, in_days=2, seats=["9A", "9B", "9C"])
    assert seats_of(book(client, people(None, None))) == ["3B", "3C"]
    assert seats_of(book(client, people(None))) == ["9A"]
    assert Reservation.objects.order_by("-id")[0].departure == second


# With a date


def test_a_seat_taken_on_the_date_is_named_and_the_five_nearest_are_offered(
    client: Client,
) -> None:
    factories.take("2B", of=Departure.objects.get())
    refused = book(client, people("2B"), departure_date=DATE)
    problem = problem_of(refused, 409, "seat-taken")
    assert problem["seats"] == ["2B"]
    assert problem["nearest_free"] == ["2A", "2C", "1B", "3B", "1A"]
    assert not Reservation.objects.exists()


def test_of_a_group_only_the_taken_seats_are_named(client: Client) -> None:
    factories.take("1B 3C", of=Departure.objects.get())
    refused = book(client, people("3C", "1A", "1B"), departure_date=DATE)
    assert problem_of(refused, 409, "seat-taken")["seats"] == ["3C", "1B"]


def test_a_blocked_seat_is_taken(client: Client) -> None:
    Seat.objects.filter(number="1A").update(status=Seat.Status.BLOCKED)
    problem_of(book(client, people("1A"), departure_date=DATE), 409, "seat-taken")


def test_the_date_is_the_one_that_is_flown(client: Client) -> None:
    factories.departure(Departure.objects.get().flight, in_days=2, seats=["1A"])
    answer = book(client, people("1A"), departure_date="2040-01-12").json()
    assert answer["departure_date"] == "2040-01-12"


def test_a_date_without_a_departure_is_not_found(client: Client) -> None:
    problem_of(book(client, people("1A"), departure_date="2040-01-13"), 404, "unknown-departure")


@pytest.mark.parametrize("status", ["CLOSED", "DEPARTED", "CANCELED"])
def test_a_departure_that_does_not_sell_says_why(client: Client, status: str) -> None:
    Departure.objects.update(status=status)
    refused = book(client, people("1A"), departure_date=DATE)
    problem_of(refused, 409, f"departure-{status.lower()}")
    assert_nothing_is_written()


def test_a_departure_that_has_left_says_so_whatever_its_status(client: Client) -> None:
    Departure.objects.update(departs_at="2020-01-01T00:00Z")
    problem_of(book(client, people("1A"), departure_date=DATE), 409, "departure-departed")


# Chosen seats


def test_who_names_no_seat_gets_the_foremost(client: Client) -> None:
    assert seats_of(book(client, people(None))) == ["1A"]


def test_a_group_that_names_no_seats_sits_together(client: Client) -> None:
    factories.take("1B", of=Departure.objects.get())
    assert seats_of(book(client, people(None, None, None))) == ["2A", "2B", "2C"]


def test_some_may_name_their_seat_and_others_not(client: Client) -> None:
    assert seats_of(book(client, people(None, "1A", None))) == ["1B", "1A", "1C"]


@pytest.mark.timeout(20)
def test_who_names_a_seat_goes_where_the_others_can_come_along(client: Client) -> None:
    first = Departure.objects.get()
    factories.take("1B 1C 2A 2B 2C 3A 3B", of=first)
    second = factories.departure(first.flight, in_days=2, seats=SEATS.split())
    assert seats_of(book(client, people("1A", None, None))) == ["1A", "1B", "1C"]
    assert Reservation.objects.get().departure == second


@pytest.mark.parametrize("date_given", [{}, {"departure_date": DATE}])
def test_more_passengers_than_free_seats_are_refused(
    client: Client, date_given: dict[str, str]
) -> None:
    factories.take("1A 1B 1C 2A 2B 2C 3A", of=Departure.objects.get())
    problem_of(book(client, people(None, None, None), **date_given), 409, "no-seats-left")
    assert not Reservation.objects.exists()


def test_a_cabin_is_where_seats_are_chosen(client: Client) -> None:
    Seat.objects.filter(number__startswith="3").update(cabin="BUSINESS")
    answer = book(client, people(None, None), cabin="BUSINESS")
    assert seats_of(answer) == ["3A", "3B"]
    assert answer.json()["cabin"] == "BUSINESS"
    assert answer.json()["amount"] == 2 * BUSINESS_PRICE
    created = history(answer.json()["id"])[0].payload
    assert msgspec.json.decode(created, type=ReservationCreated).reservation.itinerary.cabin == (
        "BUSINESS"
    )


def test_a_cabin_with_too_few_seats_is_not_filled_from_another(client: Client) -> None:
    Seat.objects.filter(number__startswith="3").update(cabin="BUSINESS")
    refused = book(client, people(None, None, None, None), cabin="BUSINESS")
    problem_of(refused, 409, "no-seats-left")


def test_a_named_seat_says_its_cabin(client: Client) -> None:
    Seat.objects.filter(number__startswith="3").update(cabin="BUSINESS")
    assert book(client, people("3B")).json()["cabin"] == "BUSINESS"


# What cannot be, each with a type of its own, and nothing written

TWICE = [{"passenger_id": 7, "seat_number": "1A"}, {"passenger_id": 7, "seat_number": "1B"}]
TEN = [{"passenger_id": who} for who in range(1, 11)]


@pytest.mark.parametrize(
    ("passengers", "facts", "status", "code"),
    [
        (TWICE, {}, 400, "passenger-twice"),
        (people("1A", "1a"), {}, 400, "seat-twice"),
        (TEN, {}, 400, "too-many-passengers"),
        (people("1A", "9A"), {}, 404, "unknown-seat"),
        (people("1A", "9A"), {"departure_date": DATE}, 404, "unknown-seat"),
        (people(None), {"cabin": "FIRST"}, 404, "unknown-cabin"),
        (people(None), {"cabin": "first"}, 404, "unknown-cabin"),
        (people("1A"), {"cabin": "CARGO"}, 404, "unknown-cabin"),
        (people("1A"), {"flight_number": 4711}, 404, "unknown-flight"),
        (people("1A"), {"offer_id": "any"}, 400, "offer-forged"),
        (people("1A", date_of_birth="2040-01-12"), {}, 400, "not-born-yet"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_is_refused_by_name(
    client: Client, passengers: Any, facts: dict[str, Any], status: int, code: str
) -> None:
    problem_of(book(client, passengers, **facts), status, code)
    assert_nothing_is_written()


def test_seats_in_two_cabins_are_refused(client: Client) -> None:
    Seat.objects.filter(number__startswith="3").update(cabin="BUSINESS")
    for facts in ({}, {"departure_date": DATE}):
        problem_of(book(client, people("1A", "3A"), **facts), 400, "mixed-cabins")


def test_a_seat_of_another_cabin_than_the_asked_is_refused(client: Client) -> None:
    Seat.objects.filter(number__startswith="3").update(cabin="BUSINESS")
    problem_of(book(client, people("3A"), cabin="ECONOMY"), 404, "unknown-seat")


@pytest.mark.django_db(transaction=True)
def test_an_infant_in_an_exit_row_is_refused(client: Client) -> None:
    CabinLayout.objects.update(exit_rows=[2])
    for born, status in (("2038-01-12", 400), ("2038-01-11", 201)):
        answer = book(client, people("2A", date_of_birth=born))
        assert answer.status_code == status
        if status == 400:
            problem_of(answer, 400, "infant-in-exit-row")
            assert_nothing_is_written()


INFANT = {"passenger_id": 2, "date_of_birth": "2039-06-01"}


def test_no_seat_in_an_exit_row_is_chosen_for_an_infant(client: Client) -> None:
    CabinLayout.objects.update(exit_rows=[1])
    assert seats_of(book(client, [{"passenger_id": 1}, INFANT])) == ["2A", "2B"]
    assert seats_of(book(client, people(None, None))) == ["1A", "1B"]


def test_an_infant_for_whom_only_exit_rows_are_left_is_refused(client: Client) -> None:
    CabinLayout.objects.update(exit_rows=[1, 2, 3])
    problem_of(book(client, [INFANT]), 409, "no-seats-left")
    assert_nothing_is_written()


@pytest.mark.parametrize(
    "changes",
    [
        {"passengers": []},
        {"passengers": "me"},
        {"passengers": [1]},
        {"passengers": [{}]},
        {"passengers": [{"passenger_id": 1, "age": 7}]},
        {"passengers": [{"passenger_id": "1"}]},
        {"passengers": people("12"), "departure_date": DATE},
        {"passengers": people("1A", email="nobody")},
        {"passengers": people("1A", email="a b@c")},
        {"passengers": people("1A", date_of_birth="yesterday")},
        {"passengers": people("1A", given_name="x" * 101)},
        {"passengers": people("1A", given_name="x" + " " * 100)},
        {"passengers": people("1A"), "passenger_id": 1},
        {"passengers": people("1A"), "seat_number": "1A"},
        {"passengers": people("1A"), "departure_date": "tomorrow"},
        {"passengers": people("1A"), "departure_date": 20400111},
        {"passengers": people("1A"), "departure_date": "20400111"},
        {"passengers": people("1A"), "departure_date": "2040-W02-3"},
        {"passengers": people("1A"), "booking_class": "YY"},
        {"passengers": people("1A"), "booking_class": "y"},
        {"passengers": people("1A"), "contact": "me"},
        {"passengers": people("1A"), "contact": {"email": "nobody"}},
        {"passengers": people("1A"), "contact": {"language": "Swedish"}},
        {"passengers": people("1A"), "contact": {"phone": "1"}},
        {"passengers": [{"passenger_id": who} for who in range(1, 102)]},
    ],
)
def test_what_is_malformed_is_refused_naming_the_field(
    client: Client, changes: dict[str, Any]
) -> None:
    refused = post(client, {"flight_number": 1001, **changes})
    assert problem_of_fields(refused)
    assert_nothing_is_written()


def problem_of_fields(response: Any) -> list[str]:
    assert response.status_code == 400, response.content
    problem = response.json()
    assert problem["type"] == "urn:problem-type:airline:invalid-request"
    return [error["field"] for error in problem["errors"]]


def test_the_field_of_a_passenger_is_named_with_its_place(client: Client) -> None:
    refused = book(client, [*people("1A"), {"passenger_id": 2, "seat_number": "x"}])
    assert problem_of_fields(refused) == ["passengers.1.seat_number"]


# Who they are


@pytest.mark.parametrize(
    ("born", "type_"),
    [
        (date(2038, 1, 12), "INFANT"),
        (date(2038, 1, 11), "CHILD"),
        (date(2028, 1, 12), "CHILD"),
        (date(2028, 1, 11), "ADULT"),
        (date(2028, 2, 29), "CHILD"),
        (None, "ADULT"),
    ],
)
def test_the_age_on_the_day_of_departure_says_the_type(born: date | None, type_: str) -> None:
    assert ReservationPassenger.type_of(born, date(2040, 1, 11)) == type_


def test_the_type_is_stored_and_shown(client: Client) -> None:
    answer = book(client, people("1A", date_of_birth="2035-05-05")).json()
    assert answer["passengers"][0]["type"] == "CHILD"
    assert ReservationPassenger.objects.get().date_of_birth == date(2035, 5, 5)


def test_a_booking_class_is_kept(client: Client) -> None:
    book(client, people("1A"), booking_class="Y")
    assert Reservation.objects.get().booking_class == "Y"
