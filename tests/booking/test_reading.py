"""Finding reservations: by record locator, and by what the list is asked for."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from booking.models import Departure, Reservation, ReservationPassenger
from booking.selectors import UnknownReservation, by_locator
from booking.services import Traveler
from tests.booking import factories
from tests.booking.factories import NOW
from tests.booking.http import problem_of

pytestmark = pytest.mark.django_db


def of(surname: str, *others: str) -> Reservation:
    """A reservation of people with these surnames."""
    numbers = [f"{row}A" for row in range(1, 10)]
    factories.departure(factories.flight(), seats=numbers)
    travelers = [
        Traveler(who, number, surname=name)
        for who, (number, name) in enumerate(
            zip(numbers, [surname, *others], strict=False), start=1
        )
    ]
    return factories.reserve(travelers=travelers)


def find(client: Client, locator: str, surname: str | None) -> Any:
    query = {} if surname is None else {"surname": surname}
    return client.get(f"/api/reservations/by-locator/{quote(locator)}", query)


@pytest.mark.parametrize("given", ["Åberg", "ÅBERG", "åberg ", "A\u030aberg"])
def test_a_reservation_is_found_by_its_locator_and_a_surname_however_it_is_written(
    client: Client, given: str
) -> None:
    reservation = of("Åberg")
    found = find(client, reservation.record_locator.lower(), given)
    assert found.json() == client.get(f"/api/reservations/{reservation.pk}").json()
    assert found.headers["ETag"] == '"1"'


def test_any_passengers_surname_will_do(client: Client) -> None:
    assert find(client, of("Berg", "Ek").record_locator, "ek").status_code == 200


def test_whichever_of_the_two_is_wrong_the_answer_is_the_same(client: Client) -> None:
    reservation = of("Berg", "")
    wrong = "AAAAAA" if reservation.record_locator != "AAAAAA" else "BBBBBB"
    answers = [
        find(client, wrong, "Berg"),
        find(client, reservation.record_locator, "Ek"),
        find(client, reservation.record_locator, "Ber"),
    ]
    for answer in answers:
        problem_of(answer, 404, "unknown-reservation")
    assert len({answer.content for answer in answers}) == 1


def test_who_has_given_no_name_is_not_found_by_none(client: Client) -> None:
    reservation = of("")
    problem_of(find(client, reservation.record_locator, ""), 400, "invalid-request")
    problem_of(find(client, reservation.record_locator, "-"), 404, "unknown-reservation")


def test_no_surname_is_nobodys() -> None:
    with pytest.raises(UnknownReservation):
        by_locator(of("").record_locator, surname="", customer_id=None)


@pytest.mark.parametrize("locator", ["ABC12", "ABC1234", "ABCDEO", "ABCDE0", "ABCDEI", "ABCD 2"])
def test_what_is_no_locator_is_refused(client: Client, locator: str) -> None:
    problem_of(find(client, locator, "Berg"), 400, "malformed-locator")


def test_a_surname_is_asked_for(client: Client) -> None:
    problem_of(find(client, "ABC234", None), 400, "invalid-request")


# The list


@pytest.fixture
def four() -> dict[str, Reservation]:
    """Four reservations that differ."""
    first = factories.departure(factories.flight(), in_days=1)
    second = factories.departure(first.flight, in_days=3)
    other = factories.departure(factories.flight(1002), in_days=1)
    made = {
        "pending": factories.row(first, passenger_id=1),
        "expired": factories.row(first, passenger_id=2, status="EXPIRED"),
        "later": factories.row(second, passenger_id=3, created_at=NOW + timedelta(hours=2)),
        "other": factories.row(other, passenger_id=4, status="CONFIRMED"),
    }
    for reservation in made.values():
        who = reservation.passenger_id
        for passenger_id, seat in ((who, "12A"), (who + 10, "12B")):
            ReservationPassenger.objects.create(
                reservation=reservation, passenger_id=passenger_id, seat_number=seat
            )
    return made


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"pending", "expired", "later", "other"}),
        ("status=PENDING", {"pending", "later"}),
        ("status=EXPIRED&status=CONFIRMED", {"expired", "other"}),
        ("flight_number=1002", {"other"}),
        ("departure_from=2040-01-13", {"later"}),
        ("departure_to=2040-01-12", {"pending", "expired", "other"}),
        (
            "departure_from=2040-01-11&departure_to=2040-01-11&flight_number=1001",
            {"pending", "expired"},
        ),
        ("passenger_id=2", {"expired"}),
        ("passenger_id=14", {"other"}),
        ("created_since=2040-01-10T13:00:00Z", {"later"}),
        ("created_since=2040-01-10T12:00:00Z&status=PENDING", {"pending", "later"}),
        ("flight_number=1003", set()),
    ],
)
def test_the_list_has_those_to_which_all_applies(
    client: Client, four: dict[str, Reservation], query: str, names: set[str]
) -> None:
    results = client.get(f"/api/reservations?{query}").json()["results"]
    assert {found["id"] for found in results} == {str(four[name].pk) for name in names}
    assert len(results) == len(names)


@pytest.mark.parametrize(
    "query",
    [
        "status=GONE",
        "flight_number=x",
        "flight_number=0",
        "flight_number=",
        "flight_number=1_001",
        "flight_number=1001.0",
        "flight_number=%201001",
        "departure_from=tomorrow",
        "departure_from=",
        "departure_from=20400111",
        "departure_from=2040-W02-3",
        "passenger_id=-1",
        "created_since=noon",
        "created_since=2040-01-10",
        "created_since=2040-01-10T12:00:00",
        "created_since=2040-W02-2T12:00:00Z",
        "created_since=0001-01-01T00:00:00%2B23:59",
        "color=red",
        "flight_number=1001&flight_number=1002",
    ],
)
def test_a_filter_that_is_none_is_refused(client: Client, query: str) -> None:
    problem_of(client.get(f"/api/reservations?{query}"), 400, "invalid-request")


def test_the_next_page_is_of_the_same_filter(client: Client) -> None:
    departure = factories.departure(factories.flight())
    for number in range(60):
        factories.row(departure, status="EXPIRED")
        factories.row(departure, status="PENDING", passenger_id=number + 1)
    first = client.get("/api/reservations?status=EXPIRED").json()
    second = client.get(first["next"]).json()
    assert [len(page["results"]) for page in (first, second)] == [50, 10]
    assert {found["status"] for found in second["results"]} == {"EXPIRED"}
    assert client.get(second["previous"]).json()["results"] == first["results"]


def test_a_filtered_page_costs_one_query(client: Client, django_assert_num_queries: Any) -> None:
    factories.row(factories.departure(factories.flight()))
    assert Departure.objects.exists()
    with django_assert_num_queries(1):
        client.get("/api/reservations?status=PENDING&passenger_id=1&departure_from=2040-01-01")
