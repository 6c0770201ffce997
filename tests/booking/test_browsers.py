"""Who is shown to sessions, users and messages."""

import pytest
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpResponse
from django.test import RequestFactory

from config.browsers import Messages, Sessions, Users


def visited(path: str, **meta: str) -> bool:
    """Whether a request is shown to what is for browsers."""
    request = RequestFactory().get(path)
    request.META.update(meta)
    Sessions(lambda request: HttpResponse())(request)
    return hasattr(request, "session")


@pytest.mark.parametrize("cookies", [{}, {"HTTP_COOKIE": ""}])
def test_a_program_is_led_past_what_is_for_browsers(cookies: dict[str, str]) -> None:
    assert not visited("/api/reservations", **cookies)


@pytest.mark.parametrize("path", ["/admin/", "/api-auth/login/", "/", "/apiary"])
def test_a_page_is_for_browsers_whether_or_not_there_is_a_cookie(path: str) -> None:
    assert visited(path)


def test_whoever_has_a_cookie_may_have_signed_in() -> None:
    assert visited("/api/reservations", HTTP_COOKIE="sessionid=1")


def test_they_are_those_of_django() -> None:
    """Or Django's own checks would miss them, and so would the admin."""
    for ours, django in (
        (Sessions, SessionMiddleware),
        (Users, AuthenticationMiddleware),
        (Messages, MessageMiddleware),
    ):
        assert issubclass(ours, django)
