"""Reservations over HTTP: what is answered when all is well, or somebody was quicker."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from booking import selectors, services
from booking.models import Departure, Reservation, Seat
from contracts.booking import (
    FareQuoteRequested,
    PassengerContactGiven,
    PaymentAuthorizeRequested,
    ReservationCreated,
)
from outbox.events import history
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.booking.factories import NOW
from tests.booking.http import PROBLEM, post, post_reservation, problem_of

pytestmark = pytest.mark.django_db


# What is accepted


RENDERERS = (JSONRenderer, BrowsableAPIRenderer)
ACCEPTED = (
    None,
    "*/*",
    "application/json",
    "application/*",
    "application/json; indent=2",
    "text/html",
    "text/html, application/json",
    "application/json, */*;q=0.1",
    "APPLICATION/JSON",
    "",
)


@pytest.mark.parametrize("accept", ACCEPTED)
@pytest.mark.parametrize("first", RENDERERS)
def test_the_short_way_to_a_renderer_leads_where_the_long_one_does(
    accept: str | None, first: type[Any]
) -> None:
    renderers = [first(), *(kind() for kind in RENDERERS if kind is not first)]
    headers = {} if accept is None else {"accept": accept}
    short = APIView.content_negotiation_class()
    assert type(short) is not DefaultContentNegotiation
    assert _chosen(short, renderers, headers) == _chosen(
        DefaultContentNegotiation(), renderers, headers
    )


def _chosen(way: Any, renderers: list[Any], headers: dict[str, str]) -> Any:
    request = Request(RequestFactory(headers=headers).get("/"))
    try:
        return way.select_renderer(request, renderers)
    except NotAcceptable:
        return None


# Making one


CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@pytest.mark.usefixtures("a_long_minute")
@pytest.mark.django_db(transaction=True)
def test_a_post_costs_at_most_eight_queries(client: Client) -> None:
    """What only opens and ends the transaction is not counted, nor what is read now and then."""
    selectors.seat_at(factories.departure(factories.flight()), "12A", NOW)
    with CaptureQueriesContext(connection) as captured:
        assert post_reservation(client).status_code == 201
    asked = [query["sql"] for query in captured if not query["sql"].startswith(CONTROL)]
    assert len(asked) <= 8, asked


@pytest.mark.usefixtures("a_long_minute")
@pytest.mark.django_db(transaction=True)
def test_a_post_for_nine_costs_no_more(client: Client) -> None:
    numbers = [f"{row}A" for row in range(1, 10)]
    selectors.seat_at(factories.departure(factories.flight(), seats=numbers), "12A", NOW)
    people = [{"passenger_id": row, "seat_number": f"{row}A"} for row in range(1, 10)]
    with CaptureQueriesContext(connection) as captured:
        assert post(client, {"flight_number": 1001, "passengers": people}).status_code == 201
    asked = [query["sql"] for query in captured if not query["sql"].startswith(CONTROL)]
    assert len(asked) <= 8, asked


def test_a_reservation_is_created_pending(client: Client) -> None:
    factories.departure(factories.flight())
    response = post_reservation(client)
    assert response.status_code == 201
    answer = response.json()
    stored = Reservation.objects.get(pk=answer["id"])
    assert answer["status"] == "PENDING"
    assert answer["record_locator"] == stored.record_locator
    assert (answer["passenger_id"], answer["flight_number"], answer["seat_number"]) == (
        1,
        1001,
        "12A",
    )
    assert (answer["amount"], answer["currency"]) == (12900, "EUR")
    assert [row.type for row in history(answer["id"])] == [
        ReservationCreated.type,
        FareQuoteRequested.type,
        PassengerContactGiven.type,
    ]
    assert answer["price"] is None


def test_the_location_is_where_the_reservation_is(client: Client) -> None:
    factories.departure(factories.flight())
    created = post_reservation(client)
    found = client.get(created.headers["Location"])
    assert found.status_code == 200
    assert found.json() == created.json()


def test_the_same_request_takes_the_next_departure(client: Client) -> None:
    flight = factories.flight()
    for day in (1, 2):
        factories.departure(flight, in_days=day)
    dates = [post_reservation(client).json()["departure_date"] for _ in range(2)]
    assert dates == ["2040-01-11", "2040-01-12"]


def test_a_seat_in_small_letters_is_the_same_seat(client: Client) -> None:
    factories.departure(factories.flight())
    assert post_reservation(client, seat_number="12a").json()["seat_number"] == "12A"


def test_a_payment_token_goes_into_the_request_for_payment(client: Client) -> None:
    factories.departure(factories.flight())
    post_reservation(client, payment_token="tok_decline")
    factories.quote(Reservation.objects.get())
    asked = OutboxEvent.objects.get(type=PaymentAuthorizeRequested.type)
    assert '"payment_token":"tok_decline"' in asked.payload


def test_the_payment_token_is_not_shown(client: Client) -> None:
    factories.departure(factories.flight())
    assert "tok_secret" not in post_reservation(client, payment_token="tok_secret").text


def test_who_has_not_signed_in_books_as_the_trial_customer(client: Client) -> None:
    factories.departure(factories.flight())
    assert post_reservation(client).json()["customer_id"] == "trial"


def test_who_has_signed_in_books_under_their_name(admin_client: Client) -> None:
    factories.departure(factories.flight())
    assert post_reservation(admin_client).json()["customer_id"] == "admin"


def test_a_seat_taken_on_every_open_departure_is_a_conflict(client: Client) -> None:
    factories.pending_reservation()
    response = post_reservation(client)
    assert response.status_code == 409
    assert response.headers["Content-Type"] == PROBLEM
    assert response.json() == {
        "type": "urn:problem-type:airline:seat-taken",
        "title": "Seat taken",
        "status": 409,
        "detail": "Seat 12A is free on no open departure of flight 1001.",
        "seats": ["12A"],
        "nearest_free": ["12B"],
    }
    assert Reservation.objects.count() == 1


def test_an_unknown_flight_is_not_found(client: Client) -> None:
    response = post_reservation(client, flight_number=4711)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM
    assert response.json()["type"] == "urn:problem-type:airline:unknown-flight"
    assert "4711" in response.json()["detail"]


def test_a_seat_that_the_aircraft_does_not_have_is_not_found(client: Client) -> None:
    factories.departure(factories.flight())
    response = post_reservation(client, seat_number="31K")
    assert response.status_code == 404
    assert response.json()["type"] == "urn:problem-type:airline:unknown-seat"
    assert "31K" in response.json()["detail"]


# Looking


def test_an_unknown_reservation_is_not_found(client: Client) -> None:
    for path in (f"/api/reservations/{uuid4()}", f"/api/reservations/{uuid4()}/timeline"):
        problem_of(client.get(path), 404, "unknown-reservation")


@pytest.mark.parametrize("path", ["/api/reservations/1", "/api/reservations/", "/api/nothing"])
def test_an_unknown_path_is_not_found(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM
    assert path in response.json()["detail"]


def test_the_timeline_tells_what_happened_oldest_first(client: Client) -> None:
    reservation = factories.pending_reservation()
    services.signal_saga(factories.authorized(reservation.pk), now=factories.NOW)
    response = client.get(f"/api/reservations/{reservation.pk}/timeline")
    assert response.status_code == 200
    assert [entry["entry"] for entry in response.json()["results"]] == ["created", "confirmed"]


def test_a_timeline_is_one_reservations(client: Client) -> None:
    reservation = factories.pending_reservation()
    factories.reserve(seat_number="12B", passenger_id=2)
    results = client.get(f"/api/reservations/{reservation.pk}/timeline").json()["results"]
    assert len(results) == 1


# The list


def book_pages(count: int) -> list[UUID]:
    """So many reservations, the newest first."""
    departure = factories.departure(factories.flight())
    return [factories.row(departure).pk for _ in range(count)][::-1]


def walk(client: Client) -> list[list[str]]:
    """The ids on every page."""
    pages, url = [], "/api/reservations"
    while url:
        page = client.get(url).json()
        pages.append([reservation["id"] for reservation in page["results"]])
        url = page["next"]
    return pages


def test_the_list_has_every_reservation_once_newest_first(client: Client) -> None:
    ids = book_pages(120)
    pages = walk(client)
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [found for page in pages for found in page] == [str(pk) for pk in ids]


def test_a_reservation_made_meanwhile_moves_nothing_on_later_pages(client: Client) -> None:
    ids = book_pages(60)
    first = client.get("/api/reservations").json()
    factories.row(Departure.objects.get())
    second = client.get(first["next"]).json()
    assert [r["id"] for r in second["results"]] == [str(pk) for pk in ids[50:]]


def test_an_empty_list_is_a_page_without_results(client: Client) -> None:
    assert client.get("/api/reservations").json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "cD1ub3QtYS11dWlk",  # p=not-a-uuid
        "cj0xJnA9MQ==",  # r=1&p=1
        "8J+YgA==",  # not ASCII
        "cD0A",  # p=NUL
    ],
)
def test_a_cursor_that_was_not_given_out_is_refused(client: Client, cursor: str) -> None:
    book_pages(2)
    response = client.get("/api/reservations", {"cursor": cursor})
    assert response.status_code == 400
    assert response.headers["Content-Type"] == PROBLEM
    assert response.json()["type"] == "urn:problem-type:airline:malformed-cursor"


def test_a_cursor_that_was_tampered_with_is_refused(client: Client) -> None:
    book_pages(60)
    url = client.get("/api/reservations").json()["next"]
    query = dict(parse_qsl(urlsplit(url).query))
    for place in range(0, len(query["cursor"]), 7):
        other = "A" if query["cursor"][place] != "A" else "B"
        cursor = query["cursor"][:place] + other + query["cursor"][place + 1 :]
        assert client.get("/api/reservations", {"cursor": cursor}).status_code == 400


def test_a_page_costs_one_query(client: Client, django_assert_num_queries: Any) -> None:
    book_pages(20)
    with django_assert_num_queries(1):
        client.get("/api/reservations")


# The database away


def away(*args: Any) -> None:
    raise OperationalError(2002, "Can't connect to server on '127.0.0.1' (111)")


@pytest.mark.parametrize(
    "path", ["/api/reservations", f"/api/reservations/{uuid4()}", "/health/ready", "/admin/login/"]
)
def test_a_database_that_is_away_is_answered_with_when_to_come_back(
    client: Client, path: str
) -> None:
    client.cookies["sessionid"] = "a" * 32
    with connection.execute_wrapper(away):
        response = client.get(path)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"
    assert response.headers["Content-Type"] == PROBLEM
    assert response.json()["type"] == "urn:problem-type:airline:database-unavailable"


def test_a_reservation_asked_for_while_the_database_is_away_can_be_asked_for_again(
    client: Client,
) -> None:
    factories.departure(factories.flight())
    with connection.execute_wrapper(away):
        response = post_reservation(client)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert not Seat.objects.filter(status=Seat.Status.HELD).exists()
    assert post_reservation(client).status_code == 201


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_be_connected_to_recovers_by_itself(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.departure(factories.flight())
    connection.close()
    with monkeypatch.context() as patched:
        patched.setitem(connection.settings_dict, "PORT", "1")
        answers = [post_reservation(client), client.get("/health/ready")]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200
    assert post_reservation(client).status_code == 201


def test_an_exception_nobody_foresaw_is_a_problem_document_without_its_story(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(**kwargs: Any) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr("booking.services.create_reservation", break_down)
    client.raise_request_exception = False
    response = post_reservation(client)
    assert response.status_code == 500
    assert response.headers["Content-Type"] == PROBLEM
    assert "secret" not in response.text
