"""Every error as a problem document: RFC 9457, `application/problem+json`.

A problem's `type` is `about:blank` where the status says it all, and
`urn:problem-type:airline:<code>` where the service has more to say; the code is that of the
exception that was raised, so that the answer and the log line tell the same story.
"""

from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, JsonResponse

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:problem-type:airline:"
RETRY_AFTER_SECONDS: Final = 2


def document(
    status: int, detail: str = "", *, code: str | None = None, **members: Any
) -> dict[str, Any]:
    """A problem document.

    Args:
        status: the HTTP status.
        detail: what went wrong this time, for a person.
        code: the problem's own type, or none where the status says it all.
        members: further members, named by the problem's type.
    """
    problem: dict[str, Any] = {
        "type": type_of(code) if code else "about:blank",
        "title": title_of(code) if code else HTTPStatus(status).phrase,
        "status": status,
    }
    if detail:
        problem["detail"] = detail
    return {**problem, **members}


def type_of(code: str) -> str:
    """The type of a problem that has a code of its own."""
    return f"{TYPE_PREFIX}{code}"


def title_of(code: str) -> str:
    """What this type of problem is, for a person: the code in words."""
    return code.replace("-", " ").capitalize()


def answer(problem: dict[str, Any], headers: dict[str, str] | None = None) -> JsonResponse:
    """A problem document as a plain Django response, for code outside DRF's views."""
    return JsonResponse(problem, status=problem["status"], headers=headers, content_type=MEDIA_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler for requests it refuses itself, such as an unknown `Host`."""
    return answer(document(400, "The request cannot be accepted."))


def permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler for 403."""
    return answer(document(403))


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's handler for paths that no view answers."""
    return answer(document(404, f"There is nothing at {request.path}."))


def server_error(request: HttpRequest) -> JsonResponse:
    """Django's handler for what nobody foresaw; the log has the traceback."""
    return answer(document(500, "Something went wrong on our side; it has been logged."))
