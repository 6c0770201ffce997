"""What stands before every view."""

import json
import logging

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.middleware import BodyLimit
from config.outages import DatabaseOutage, database_trouble
from outbox.transactions import LostRace

LIMIT = 64 * 1024


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body)


def post(length: int = 0, **meta: str) -> tuple[int, HttpResponse]:
    """The status and the answer for a body of this length, announced as `meta` says."""
    request = RequestFactory().post("/", b"x" * length, "application/json")
    request.META.update(meta)
    response = BodyLimit(view)(request)
    assert isinstance(response, HttpResponse)
    return response.status_code, response


@pytest.mark.parametrize("length", [0, 1, LIMIT])
def test_a_body_up_to_the_limit_is_read(length: int) -> None:
    status, response = post(length)
    assert (status, len(response.content)) == (200, length)


def test_a_body_over_the_limit_is_413() -> None:
    status, response = post(LIMIT + 1)
    assert status == 413
    assert json.loads(response.content)["detail"] == "A body has at most 65536 bytes."
    assert response["Connection"] == "close"


@pytest.mark.parametrize("length", ["1" + "0" * 18, "9" * 5000])
def test_a_length_beyond_all_numbers_is_413(length: str) -> None:
    assert post(CONTENT_LENGTH=length)[0] == 413


@pytest.mark.parametrize("length", ["x", "-1", "+1", "1.0", "0x10", "1 2", "²", "\u0661"])
def test_a_length_that_is_no_number_is_400(length: str) -> None:
    status, response = post(CONTENT_LENGTH=length)
    assert status == 400
    assert response["Content-Type"] == "application/problem+json"


def test_a_body_of_unknown_length_is_411() -> None:
    status, response = post(HTTP_TRANSFER_ENCODING="chunked")
    assert status == 411
    assert response["Content-Type"] == "application/problem+json"


def test_a_request_without_a_length_has_no_body() -> None:
    assert post(CONTENT_LENGTH="")[0] == 200


@pytest.mark.parametrize(
    "lost", [OperationalError(2006, "gone away"), InterfaceError("gone away")], ids=repr
)
def test_a_lost_database_is_503_with_a_time_to_come_back(
    lost: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    request = RequestFactory().get("/")
    response = DatabaseOutage(view).process_exception(request, lost)
    assert response is not None
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert b"gone away" not in response.content
    assert caplog.record_tuples == [("config.outages", logging.WARNING, f"answered 503: {lost}")]


def test_any_other_exception_is_left_to_django() -> None:
    request = RequestFactory().get("/")
    assert DatabaseOutage(view).process_exception(request, ValueError()) is None


def test_a_race_that_was_lost_for_too_long_is_busy() -> None:
    trouble = database_trouble(LostRace("somebody was first"))
    assert trouble is not None
    assert (trouble.status_code, trouble.default_code) == (503, "busy")
