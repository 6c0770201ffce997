"""What a visitor sees where a page cannot be had."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from web import words
from web.choices import Unfit
from web.gateway import NoAnswer, NotSignedIn, Refused

Handler = Callable[[HttpRequest], HttpResponseBase]
RETRY_AFTER_SECONDS = "2"


class Troubles:
    """Turns what went wrong in asking the API into a page that says so and leads on."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The page."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page for what a view did not answer by itself."""
        if isinstance(error, NotSignedIn):
            return _sign_in(request)
        if isinstance(error, NoAnswer):
            return _told(request, HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        if isinstance(error, Refused):
            return _refused(request, error)
        if isinstance(error, Unfit):
            return missing(request, Http404())
        return None


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For an address that leads nowhere."""
    return _told(request, HTTPStatus.NOT_FOUND, _("There is no such page."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For what Django itself does not accept."""
    return _told(request, HTTPStatus.BAD_REQUEST, _("This request cannot be read."))


def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For a form without its token: it was open too long, or is another site's."""
    return _told(request, HTTPStatus.FORBIDDEN, _("This form is no longer good. Open it anew."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The same, as Django calls it."""
    return denied(request, PermissionError(reason))


def failed(request: HttpRequest) -> HttpResponse:
    """For what nobody foresaw; the log has it."""
    told = _("Something went wrong on our side. It has been noted.")
    return _told(request, HTTPStatus.INTERNAL_SERVER_ERROR, told)


def _sign_in(request: HttpRequest) -> HttpResponse:
    """To where one signs in, and back."""
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return redirect(f"{reverse('sign-in')}?{urlencode({'next': back})}")


def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    if refused.status == HTTPStatus.FORBIDDEN:
        told = _("What you have signed in with does not allow this.")
        return _told(request, HTTPStatus.FORBIDDEN, told)
    if refused.status == HTTPStatus.NOT_FOUND:
        told = _("There is no such departure or reservation, or it is not yours.")
        return _told(request, HTTPStatus.NOT_FOUND, told)
    return _told(request, HTTPStatus.CONFLICT, words.told(refused))


def _told(request: HttpRequest, status: HTTPStatus, text: str) -> HttpResponse:
    """A page that says what is the matter. What can be asked for again offers that."""
    shown = {
        "text": text,
        "status": status.value,
        "can_retry": status >= HTTPStatus.INTERNAL_SERVER_ERROR and request.method == "GET",
    }
    response = render(request, "web/trouble.html", shown, status=status)
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response
