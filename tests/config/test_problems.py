"""Every error is a problem document (RFC 9457)."""

import json
from http import HTTPStatus
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from config import problems
from config.urls.gateway import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret detail")


urlpatterns = [path("forbidden", forbidden), path("broken", broken)]


@pytest.fixture
def client(settings: Any) -> Client:
    """A client of a service with the project's error handlers and a few views that fail."""
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def test_a_problem_says_no_more_than_its_status_does() -> None:
    assert problems.document(404) == {"type": "about:blank", "title": "Not Found", "status": 404}


def test_a_problem_of_our_own_has_a_type_a_title_and_members() -> None:
    assert problems.document(409, "12A is taken.", code="seat-taken", seat_number="12A") == {
        "type": "urn:problem-type:airline:seat-taken",
        "title": "Seat taken",
        "status": 409,
        "detail": "12A is taken.",
        "seat_number": "12A",
    }


@pytest.mark.parametrize("status", [400, 403, 404, 405, 411, 413, 415, 500, 502, 503, 504])
def test_an_answer_has_the_status_of_its_problem(status: int) -> None:
    response = problems.answer(problems.document(status), headers={"Retry-After": "2"})
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response["Retry-After"] == "2"
    assert json.loads(response.content)["title"] == HTTPStatus(status).phrase


@pytest.mark.parametrize(
    ("target", "status"), [("/nowhere", 404), ("/forbidden", 403), ("/broken", 500)]
)
def test_what_django_refuses_by_itself_is_a_problem_too(
    client: Client, target: str, status: int
) -> None:
    response = client.get(target)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == status


def test_a_host_we_do_not_serve_is_a_problem(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["fly.example"]
    response = client.get("/forbidden", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_what_nobody_foresaw_is_logged_and_not_shown(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/broken")
    assert b"secret" not in response.content
    [line] = [line for line in caplog.records if line.name == "django.request"]
    assert line.exc_info is not None


def test_a_refusal_is_not_logged_as_an_error(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/nowhere")
    client.get("/forbidden")
    assert caplog.records == []
