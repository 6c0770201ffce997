"""W3C trace context, carried from the request through the outbox to every consumer."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from django.http import HttpRequest, HttpResponseBase

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str] = ContextVar("traceparent", default="")


def traceparent() -> str:
    """The `traceparent` of the work in hand, or an empty string."""
    return _current.get()


@contextmanager
def traced(value: str) -> Iterator[None]:
    """Do the enclosed work under a `traceparent`; a malformed one counts as none."""
    token = _current.set(value if _TRACEPARENT.fullmatch(value) else "")
    try:
        yield
    finally:
        _current.reset(token)


class TraceContext:
    """Middleware: what a request appends to the outbox carries the request's trace context."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The wrapped view's response."""
        with traced(request.META.get("HTTP_TRACEPARENT", "")):
            return self.get_response(request)
