"""What the API says of itself: one OpenAPI document, and a page that shows it."""

from functools import cache
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse

from config import problems
from gateway.security import PAGE

FOLDER: Final = Path(__file__).resolve().parent
MEDIA_TYPE: Final = "application/vnd.oai.openapi+json"


def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document of all that is behind the door, merged from the services' by
    `make openapi`."""
    return _file(request, "openapi.json", MEDIA_TYPE)


def page(request: HttpRequest) -> HttpResponse:
    """A page that shows the document and tries it out."""
    response = _file(request, "docs.html", "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = PAGE
    return response


def _file(request: HttpRequest, name: str, media_type: str) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return problems.answer(problems.document(405), headers={"Allow": "GET, HEAD"})
    return HttpResponse(_read(name), content_type=media_type)


@cache
def _read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
