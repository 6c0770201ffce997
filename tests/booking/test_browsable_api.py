"""The API in a browser: pages, and the form that posts a reservation."""

import re
from typing import Any

import pytest
from django.test import Client

from booking.models import Reservation
from tests.booking import factories
from tests.booking.http import REQUEST

pytestmark = pytest.mark.django_db

HTML = {"accept": "text/html,application/xhtml+xml"}


def page(client: Client, path: str = "/api/reservations") -> str:
    response = client.get(path, headers=HTML)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    return response.text


def test_the_list_has_a_form_with_every_field(client: Client) -> None:
    form = page(client)
    for field in ("passenger_id", "flight_number", "seat_number", "payment_token"):
        assert f'name="{field}"' in form


def test_every_page_renders(client: Client) -> None:
    reservation = factories.pending_reservation()
    for path in ("", f"/{reservation.pk}", f"/{reservation.pk}/timeline"):
        assert str(reservation.pk) in page(client, f"/api/reservations{path}")


@pytest.mark.parametrize("path", ["cancelation", "payment"])
def test_what_can_only_be_posted_to_has_a_page_with_a_form(client: Client, path: str) -> None:
    reservation = factories.pending_reservation()
    response = client.get(f"/api/reservations/{reservation.pk}/{path}", headers=HTML)
    assert response.status_code == 405
    assert "<form" in response.text.partition("content-main")[2]


def test_the_page_after_a_cancelation_shows_what_was_canceled(client: Client) -> None:
    reservation = factories.pending_reservation()
    response = client.post(
        f"/api/reservations/{reservation.pk}/cancelation",
        {},
        content_type="application/json",
        headers={**HTML, "if-match": "*"},
    )
    assert response.status_code == 200
    assert "CANCELED" in response.text


def test_departures_and_their_seats_have_pages(client: Client) -> None:
    factories.departure(factories.flight(), seats=["12A", "31A"])
    search = "?origin=ARN&destination=LHR&date=2040-01-11"
    for path in (search, "/1001/2040-01-11", "/1001/2040-01-11/seats"):
        shown = page(client, f"/api/departures{path}")
        assert "&quot;flight_number&quot;: 1001" in shown
        assert "<form" not in shown.partition("content-main")[2]
    assert "&quot;seat_number&quot;: &quot;31A&quot;" in shown


def test_a_search_that_says_nothing_renders_as_a_refusal(client: Client) -> None:
    response = client.get("/api/departures", headers=HTML)
    assert response.status_code == 400
    assert "&quot;field&quot;: &quot;destination&quot;" in response.text


def test_a_page_that_nobody_gave_out_renders_as_a_refusal(client: Client) -> None:
    response = client.get("/api/reservations?cursor=x", headers=HTML)
    assert response.status_code == 400
    assert "This cursor was not given out here" in response.text


@pytest.mark.parametrize("path", ["rest_framework/css/bootstrap.min.css", "admin/css/base.css"])
def test_the_styles_are_served(client: Client, path: str) -> None:
    response: Any = client.get(f"/static/{path}")
    body = b"".join(response.streaming_content)
    response.close()
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/css")
    assert len(body) > 1000


def test_an_uploaded_form_is_accepted(client: Client) -> None:
    factories.departure(factories.flight())
    response = client.post("/api/reservations", {**REQUEST, "payment_token": ""})
    assert response.status_code == 201


def test_an_urlencoded_form_is_accepted(client: Client) -> None:
    factories.departure(factories.flight())
    response = client.post(
        "/api/reservations",
        "passenger_id=1&flight_number=1001&seat_number=12A&payment_token=",
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 201


def test_the_page_after_a_reservation_shows_it_and_the_form_again(client: Client) -> None:
    factories.departure(factories.flight())
    response = client.post("/api/reservations", REQUEST, headers=HTML)
    assert response.status_code == 201
    assert str(Reservation.objects.get().pk) in response.text
    assert 'name="seat_number"' in response.text


def test_the_form_below_a_filtered_list_is_accepted(client: Client) -> None:
    factories.departure(factories.flight())
    assert client.post("/api/reservations?status=PENDING", REQUEST).status_code == 201


def test_a_form_that_is_wrong_comes_back_saying_so(client: Client) -> None:
    response = client.post("/api/reservations", {**REQUEST, "seat_number": "x"}, headers=HTML)
    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("text/html")
    assert "A seat number is a row and a letter" in response.text
    assert 'name="seat_number"' in response.text


@pytest.fixture
def browser() -> Client:
    """Signed in, and held to CSRF tokens like a browser."""
    client = Client(enforce_csrf_checks=True)
    assert client.login(username="admin", password="admin")
    return client


def test_the_form_of_who_has_signed_in_carries_a_token_and_is_accepted(browser: Client) -> None:
    factories.departure(factories.flight())
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page(browser))
    assert token
    form = {**REQUEST, "payment_token": "", "csrfmiddlewaretoken": token[1]}
    response = browser.post("/api/reservations", form, headers=HTML)
    assert response.status_code == 201
    assert Reservation.objects.get().customer_id == "admin"


def test_a_form_of_who_has_signed_in_is_refused_without_its_token(browser: Client) -> None:
    factories.departure(factories.flight())
    response = browser.post("/api/reservations", REQUEST)
    assert response.status_code == 403
    assert not Reservation.objects.exists()
