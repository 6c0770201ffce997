"""Whose reservations a caller sees and changes: their own, and the staff everybody's."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from booking import services
from booking.models import Reservation, Seat, TimelineEntry
from booking.services import Traveler
from contracts.callers import OPS, READ, WRITE, vouch, vouch_for_service
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.booking.http import post_reservation, problem_of

pytestmark = pytest.mark.django_db

KEYS = ("a-key-of-the-services",)
CUSTOMERS = ("eva", "bo", "trial")


def caller(name: str) -> Client:
    """A customer who is signed in; "trial" is nobody who is, "staff" one of the staff."""
    client = Client()
    if name != "trial":
        user = User.objects.get_or_create(username=name, is_staff=name == "staff")[0]
        client.force_login(user)
    return client


def vouched(name: str, *scopes: str) -> Client:
    """A customer whom the gateway vouches for."""
    now = time.time()
    return Client(headers=vouch(name, scopes, by="gateway", to="booking", keys=KEYS, at=now))


@pytest.fixture(autouse=True)
def known_keys(settings: Settings) -> None:
    """The key that these tests vouch with is the services'."""
    settings.INTERNAL_KEYS = KEYS


@pytest.fixture
def reservations() -> dict[str, Reservation]:
    """One of each customer, paid for, each with a free seat behind it."""
    numbers = [f"{row}{letter}" for row in (1, 2, 3) for letter in "AB"]
    factories.departure(factories.flight(), seats=numbers)
    return {
        name: factories.reserve(
            customer_id=name, travelers=[Traveler(row, f"{row}A", surname=name.title())]
        )
        for row, name in enumerate(CUSTOMERS, 1)
    }


def path(reservation: Reservation, more: str = "") -> str:
    return f"/api/reservations/{reservation.pk}{more}"


def listed(client: Client, query: str = "") -> list[str]:
    results = client.get(f"/api/reservations{query}").json()["results"]
    return [found["id"] for found in results]


# Reads


@pytest.mark.parametrize("name", CUSTOMERS)
@pytest.mark.parametrize("more", ["", "/timeline"])
def test_customers_see_their_own_reservation_and_nobody_elses(
    reservations: dict[str, Reservation], name: str, more: str
) -> None:
    client = caller(name)
    for owner, reservation in reservations.items():
        answer = client.get(path(reservation, more))
        if owner == name:
            assert answer.status_code == 200
        else:
            problem_of(answer, 404, "unknown-reservation")
            assert str(reservation.pk) not in answer.text


@pytest.mark.parametrize("name", CUSTOMERS)
def test_customers_list_their_own_reservations_whatever_they_ask_for(
    reservations: dict[str, Reservation], name: str
) -> None:
    client, own = caller(name), reservations[name]
    assert listed(client) == [str(own.pk)]
    assert listed(client, "?status=PENDING&flight_number=1001") == [str(own.pk)]
    for reservation in reservations.values():
        mine = [str(own.pk)] if reservation == own else []
        assert listed(client, f"?passenger_id={reservation.passenger_id}") == mine


def test_nobody_names_the_customer_whose_reservations_are_listed(
    reservations: dict[str, Reservation],
) -> None:
    answer = caller("bo").get("/api/reservations?customer_id=eva")
    problem_of(answer, 400, "invalid-request")


def test_a_cursor_of_one_customer_shows_another_nothing(
    reservations: dict[str, Reservation],
) -> None:
    departure = reservations["eva"].departure
    for _ in range(60):
        factories.row(departure, customer_id="eva", status="EXPIRED")
    second_page = caller("eva").get("/api/reservations").json()["next"]
    assert len(caller("eva").get(second_page).json()["results"]) == 11
    shown = caller("bo").get(second_page).json()["results"]
    assert {found["customer_id"] for found in shown} <= {"bo"}


def test_the_staff_sees_everybodys(reservations: dict[str, Reservation]) -> None:
    staff = caller("staff")
    assert set(listed(staff)) == {str(found.pk) for found in reservations.values()}
    for reservation in reservations.values():
        assert staff.get(path(reservation)).json()["customer_id"] == reservation.customer_id
        assert staff.get(path(reservation, "/timeline")).status_code == 200


@pytest.mark.parametrize("name", [*CUSTOMERS, "staff"])
def test_a_locator_and_a_surname_open_ones_own_reservation_alone(
    reservations: dict[str, Reservation], name: str
) -> None:
    locator = reservations["eva"].record_locator
    answer = caller(name).get(f"/api/reservations/by-locator/{locator}", {"surname": "Eva"})
    if name in ("eva", "staff"):
        assert answer.json()["customer_id"] == "eva"
    else:
        problem_of(answer, 404, "unknown-reservation")


@pytest.fixture
def paths(reservations: dict[str, Reservation]) -> list[str]:
    """What of booking's can be looked at."""
    found = reservations["eva"]
    return [
        "/api/reservations",
        path(found),
        path(found, "/timeline"),
        f"/api/reservations/by-locator/{found.record_locator}?surname=Eva",
        "/api/departures?origin=ARN&destination=LHR&date=2040-01-11",
        "/api/departures/1001/2040-01-11",
        "/api/departures/1001/2040-01-11/seats",
    ]


@pytest.mark.parametrize(("name", "status"), [("trial", 401), ("eva", 403), ("staff", 200)])
def test_outside_trial_no_session_but_the_staffs_is_let_in(
    paths: list[str], settings: Settings, name: str, status: int
) -> None:
    settings.TRIAL = False
    assert [caller(name).get(url).status_code for url in paths] == [status] * len(paths)


def test_outside_trial_a_customer_is_let_in_who_is_vouched_for(
    reservations: dict[str, Reservation], paths: list[str], settings: Settings
) -> None:
    settings.TRIAL = False
    client = vouched("eva", READ)
    assert [client.get(url).status_code for url in paths] == [200] * len(paths)
    assert listed(client) == [str(reservations["eva"].pk)]


def test_who_runs_the_airline_sees_everybodys(reservations: dict[str, Reservation]) -> None:
    seen = listed(vouched("ola", READ, OPS))
    assert set(seen) == {str(found.pk) for found in reservations.values()}


def test_a_service_has_no_reservations(reservations: dict[str, Reservation]) -> None:
    client = Client(headers=vouch_for_service(by="fare", to="booking", keys=KEYS, at=time.time()))
    assert listed(client) == []
    assert client.get("/api/departures/1001/2040-01-11/seats").status_code == 200
    assert client.post("/api/reservations", {}, "application/json").status_code == 403


@pytest.mark.parametrize("trial", [True, False])
def test_reading_is_not_writing(
    reservations: dict[str, Reservation], settings: Settings, trial: bool
) -> None:
    settings.TRIAL = trial
    found = reservations["eva"]
    before = written()
    for change in (cancel, move, pay):
        refused = change(vouched("eva", READ), found)
        assert refused.status_code == 403
        assert refused.json()["detail"] == f"This takes the scope {WRITE}."
    assert written() == before
    assert vouched("eva", WRITE).get(path(found)).status_code == 403


def test_what_a_vouched_customer_books_is_theirs(reservations: dict[str, Reservation]) -> None:
    made = post_reservation(vouched("eva", WRITE), passenger_id=9, seat_number="1B")
    assert made.json()["customer_id"] == "eva"


# Changes


def cancel(client: Client, reservation: Reservation) -> Any:
    return client.post(path(reservation, "/cancelation"), headers={"if-match": "*"})


def move(client: Client, reservation: Reservation) -> Any:
    body = {"seat_number": f"{reservation.passenger_id}B"}
    return client.patch(path(reservation), body, "application/json", headers={"if-match": "*"})


def pay(client: Client, reservation: Reservation) -> Any:
    return client.post(path(reservation, "/payment"), {}, "application/json")


@pytest.mark.parametrize("change", [cancel, move, pay])
@pytest.mark.parametrize("name", CUSTOMERS)
def test_customers_change_nothing_of_somebody_elses(
    reservations: dict[str, Reservation], name: str, change: Any
) -> None:
    others = [one for owner, one in reservations.items() if owner != name]
    before = written()
    for reservation in others:
        problem_of(change(caller(name), reservation), 404, "unknown-reservation")
    assert written() == before


def written() -> list[Any]:
    """What a change would leave behind."""
    return [
        list(Reservation.objects.order_by("pk").values_list("status", "version")),
        list(Seat.objects.order_by("pk").values_list("status", "reservation")),
        TimelineEntry.objects.count(),
        OutboxEvent.objects.count(),
    ]


@pytest.mark.parametrize("name", [*CUSTOMERS, "staff"])
@pytest.mark.parametrize("change", [cancel, move])
def test_who_may_change_a_reservation_does(
    reservations: dict[str, Reservation], name: str, change: Any
) -> None:
    reservation = reservations["eva" if name == "staff" else name]
    assert change(caller(name), reservation).status_code == 200
    assert Reservation.objects.get(pk=reservation.pk).version == 2


@pytest.mark.parametrize("name", [*CUSTOMERS, "staff"])
def test_who_may_pay_for_a_hold_does(reservations: dict[str, Reservation], name: str) -> None:
    owner = "eva" if name == "staff" else name
    held = factories.reserve(customer_id=owner, seat_number="1B", payment_token=None)
    assert pay(caller(name), held).status_code == 202


def test_a_key_of_one_customer_gets_another_no_answer(
    reservations: dict[str, Reservation],
) -> None:
    answers = [
        caller(name).post(
            "/api/reservations",
            {"passenger_id": 9, "flight_number": 1001, "seat_number": seat},
            "application/json",
            headers={"idempotency-key": "k"},
        )
        for name, seat in (("eva", "1B"), ("bo", "2B"))
    ]
    assert [answer.json()["customer_id"] for answer in answers] == ["eva", "bo"]


def test_an_ended_reservation_is_still_its_customers(
    reservations: dict[str, Reservation],
) -> None:
    factories.make_due()
    services.end_due_sagas(now=factories.NOW)
    assert caller("eva").get(path(reservations["eva"])).json()["status"] == "EXPIRED"
    assert caller("bo").get(path(reservations["eva"])).status_code == 404
