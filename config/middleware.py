"""Middleware of every service."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from config import problems

Handler = Callable[[HttpRequest], HttpResponseBase]


class BodyLimit:
    """Refuses bodies that are too large, or of unknown length, before anything reads them."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The service's answer, or 411 or 413."""
        if "HTTP_TRANSFER_ENCODING" in request.META:
            return self._refuse(411, "Send the body with a Content-Length.")
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isascii() or not length.isdigit():
            return self._refuse(400, "Content-Length is not a number.")
        # Python reads no numbers of thousands of digits, so those are not even tried.
        if len(length) > 18 or int(length) > settings.MAX_BODY_BYTES:
            return self._refuse(413, f"A body has at most {settings.MAX_BODY_BYTES} bytes.")
        return self.get_response(request)

    def _refuse(self, status: int, detail: str) -> HttpResponse:
        # The body stays unread, so the connection cannot carry another request.
        return problems.answer(problems.document(status, detail), headers={"Connection": "close"})
