"""Headers that say under which condition a request is to be done."""

import hashlib
import re
from collections.abc import Container
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from booking import services
from booking.models import Reservation
from booking.services import Answer

KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
ENTITY_TAG: Final = re.compile(r'"([1-9][0-9]{0,9})"')


class MalformedKey(APIException):
    """A key that could not be told from another one."""

    status_code = 400
    default_code = "malformed-idempotency-key"
    default_detail = "An Idempotency-Key has 1 to 200 visible ASCII characters."


class PreconditionRequired(APIException):
    """A change must say what it was decided on (RFC 6585)."""

    status_code = 428
    default_code = "precondition-required"
    default_detail = "Say in If-Match at which ETag of the reservation this may be done."


class AnyVersion(Container[int]):
    """What `If-Match: *` allows."""

    def __contains__(self, version: object) -> bool:
        return True


def entity_tag(reservation: Reservation) -> str:
    """The reservation's ETag: its version."""
    return f'"{reservation.version}"'


def versions_of(request: Request) -> Container[int]:
    """The versions that `If-Match` allows. A tag that is none of ours, a weak one among them,
    matches nothing (RFC 9110, section 13.1.1).

    Raises:
        PreconditionRequired: there is no such header.
    """
    header = request.headers.get("If-Match")
    if header is None:
        raise PreconditionRequired
    if header.strip() == "*":
        return AnyVersion()
    tags = (ENTITY_TAG.fullmatch(tag.strip()) for tag in header.split(","))
    return {int(tag[1]) for tag in tags if tag}


def customer_of(request: Request) -> str:
    """Who asks: the signed-in user, or the trial customer where anonymous access is allowed."""
    return request.user.get_username() or settings.TRIAL_CUSTOMER


class AnsweredOnce(GenericAPIView[Any]):
    """A view whose POSTs may carry an `Idempotency-Key`: `make` does what is asked.

    With a key the answer is JSON, whatever the client accepts: the same bytes each time.
    """

    # Whether `make` writes anything: then it and the answer are stored in one transaction.
    has_effect = True

    def make(self, request: Request, **kwargs: Any) -> Response:
        """Do what the POST asks."""
        raise NotImplementedError

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response | HttpResponse:
        """The answer, or the one that was given before."""
        key = request.META.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return self.make(request, **kwargs)
        if not KEY.fullmatch(key):
            raise MalformedKey
        answer = services.answer_once(
            customer_id=customer_of(request),
            key=key,
            fingerprint=fingerprint(request),
            work=lambda: rendered(self.make(request, **kwargs)),
            refusal=lambda error: rendered(self.handle_exception(error)),
            has_effect=self.has_effect,
        )
        return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


def fingerprint(request: Request) -> str:
    """A digest of what a request asks for: method, path, query, type and body."""
    parts = (request.method or "", request.get_full_path(), request.content_type or "")
    digest = hashlib.sha256("\n".join(parts).encode())
    digest.update(b"\n" + request._request.body)
    return digest.hexdigest()


def rendered(response: Response) -> Answer:
    """A response as it goes over the wire."""
    headers = {**response.headers, "Content-Type": response.content_type or "application/json"}
    return Answer(response.status_code, JSONRenderer().render(response.data), headers)
