"""Middleware for people with browsers, which services with pages have."""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin


class ForBrowsers(MiddlewareMixin):
    """What a program is led past: without a cookie there is no session to be found, nobody signs in
    below `/api/`, and no page of it leaves a message. The others go Django's way."""

    def __call__(self, request: HttpRequest) -> Any:
        """The service's answer."""
        if request.META.get("HTTP_COOKIE") or not request.path_info.startswith("/api/"):
            return super().__call__(request)
        return self.get_response(request)


class Sessions(ForBrowsers, SessionMiddleware):
    """Whose session a cookie names."""


class Users(ForBrowsers, AuthenticationMiddleware):
    """Who has signed in."""


class Messages(ForBrowsers, MessageMiddleware):
    """What the admin says on the next page."""
