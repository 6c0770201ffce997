"""What a browser is told about answers, beside what Django's own middleware says."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase

Handler = Callable[[HttpRequest], HttpResponseBase]

# Answers are data: a browser that is made to show one as a page runs and loads nothing of it.
DATA: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# The page of the API: its scripts and styles are files of ours; Swagger UI writes styles into
# elements, and shows pictures that it carries with it.
PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class SecurityHeaders:
    """Has every answer say what a browser may do with it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer with its policy: that of data, unless it has another."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", DATA)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        return response
