"""A database that cannot be reached, or a row that everybody wants: 503, and try again."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.exceptions import APIException

from config import problems
from outbox.transactions import database_is_away, lost_a_race

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponseBase]


class Trouble(APIException):
    """Nothing is wrong with the request; `wait` becomes Retry-After."""

    status_code = 503
    wait = problems.RETRY_AFTER_SECONDS


class DatabaseUnavailable(Trouble):
    """The service's database is away."""

    default_code = "database-unavailable"
    default_detail = "The database cannot be reached; try again shortly."


class Busy(Trouble):
    """Too many want the same row at once."""

    default_code = "busy"
    default_detail = "Too many want the same just now; try again shortly."


def database_trouble(error: BaseException) -> Trouble | None:
    """What to answer for a database that cannot be reached, or for a row that everybody wants;
    nothing for any other exception."""
    if database_is_away(error):
        return DatabaseUnavailable()
    return Busy() if lost_a_race(error) else None


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
        problem = problems.document(
            trouble.status_code, str(trouble.detail), code=trouble.default_code
        )
        return problems.answer(problem, headers={"Retry-After": str(trouble.wait)})
