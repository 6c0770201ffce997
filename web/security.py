"""What a browser may do with a page."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase

Handler = Callable[[HttpRequest], HttpResponseBase]

# Scripts and styles are files of ours; nothing is written into the pages themselves.
PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class PagePolicy:
    """Has every page say what a browser may do with it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The page with its policy."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", PAGE)
        return response
