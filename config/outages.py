"""A database that cannot be reached, or a row that everybody wants: 503, and try again."""

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from config import problems
from config.problems import document
from outbox.transactions import database_is_away, lost_a_race

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponseBase]


def database_trouble(error: BaseException) -> dict[str, Any] | None:
    """The problem of a database that cannot be reached, or of a row that everybody wants; none
    for any other exception."""
    if database_is_away(error):
        detail = "The database cannot be reached; try again shortly."
        return document(503, detail, code="database-unavailable")
    if lost_a_race(error):
        return document(503, "Too many want the same just now; try again shortly.", code="busy")
    return None


class DatabaseOutage:
    """Turns a lost database into 503 with `Retry-After`, in views that are not DRF's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The service's answer."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """503 for a database in trouble, and nothing for any other exception."""
        trouble = database_trouble(exception)
        if trouble is None:
            return None
        logger.warning("answered 503: %s", exception)
        return problems.answer(
            trouble,
            headers={"Retry-After": str(problems.RETRY_AFTER_SECONDS)},
        )
