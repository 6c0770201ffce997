"""How DRF reads requests and answers errors here."""

import logging
from collections.abc import Mapping
from json import JSONDecoder
from typing import IO, Any, Final

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.utils import json
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import set_rollback

from config.outages import database_trouble
from config.problems import MEDIA_TYPE, document

logger = logging.getLogger(__name__)

INVALID_REQUEST: Final = "invalid-request"
SHALLOW: Final = 100  # objects and lists; far fewer than the interpreter's stack has room for

# DRF's own codes say no more than the status does.
PLAIN_CODES: Final = frozenset(
    {
        "authentication_failed",
        "error",
        "method_not_allowed",
        "not_acceptable",
        "not_authenticated",
        "not_found",
        "parse_error",
        "permission_denied",
        "throttled",
        "unsupported_media_type",
    }
)


class JSONForPrograms(DefaultContentNegotiation):
    """DRF's way to find parser and renderer, and a shorter one to the same where JSON is sent, and
    nothing but JSON, or anything at all, is asked for, which is what programs do."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """The parser."""
        first = parsers[0]
        if request.content_type == first.media_type:
            return first
        return super().select_parser(request, parsers)

    def select_renderer(
        self, request: Any, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """The renderer, and the media type that it is taken for."""
        first = renderers[0]
        accepted = request.META.get("HTTP_ACCEPT", "*/*")
        if accepted in ("*/*", first.media_type) and not format_suffix:
            return first, first.media_type
        found: tuple[Any, str] = super().select_renderer(request, renderers, format_suffix)
        return found


class BoundedJSONParser(JSONParser):
    """JSON in UTF-8, as RFC 8259 has it, that nothing further on can choke on: not nested deeper
    than the interpreter's stack, and without half a surrogate pair, which no answer can carry. No
    name is in an object twice: whoever looks at such a request on its way may see another one."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The decoded body.

        Raises:
            ParseError: the body is not such JSON.
        """
        try:
            text = stream.read().decode("utf-8")
            decoded = _DECODER.decode(text)
            # Without an escape there is no half of a pair, and what opens so little is not deep.
            if "\\u" in text or text.count("[") + text.count("{") > SHALLOW:
                json.dumps(decoded, ensure_ascii=False).encode("utf-8")
        except RecursionError as error:
            raise exceptions.ParseError("JSON parse error - nested too deeply") from error
        except ValueError as error:
            raise exceptions.ParseError(f"JSON parse error - {error}") from error
        return decoded


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ValueError: a name is there twice.
    """
    made = dict(members)
    if len(made) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} is there twice")
    return made


_DECODER: Final = JSONDecoder(object_pairs_hook=_each_once, parse_constant=json.strict_constant)


class MalformedCursor(exceptions.APIException):
    """A page cursor that this service did not give out, or that was tampered with."""

    status_code = 400
    default_code = "malformed-cursor"
    default_detail = "This cursor was not given out here."


class NewestFirst(CursorPagination):
    """Pages of a list by cursor, newest first, so that a page costs the same however far down it
    is. Primary keys are UUIDv7, which sort by the time they were made. Cursors are signed."""

    ordering = "-pk"
    page_size = 50
    cursor_query_description = "Where the page begins: from `next` or `previous` of another page."
    _signer = signing.Signer(salt="cursor")

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> Any:
        """The page that the cursor names; links are relative, so that they hold at every door.

        Raises:
            MalformedCursor: the cursor was not made by this service.
        """
        page: Any = super().paginate_queryset(queryset, request, view)
        self.base_url = request.get_full_path()
        return page

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A page, for the OpenAPI document."""
        link = {
            "type": ["string", "null"],
            "format": "uri-reference",
            "description": "Relative to this page; none where there is no such page.",
        }
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def encode_cursor(self, cursor: Any) -> str:
        """The address of the page at a cursor."""
        signed = self._signer.sign_object([cursor.offset, cursor.reverse, cursor.position])
        return str(replace_query_param(self.base_url or "", self.cursor_query_param, signed))

    def decode_cursor(self, request: Any) -> Any:
        """The cursor of a request, if it has one."""
        signed = request.query_params.get(self.cursor_query_param)
        if signed is None:
            return None
        try:
            return Cursor(*self._signer.unsign_object(signed))
        except signing.BadSignature as error:
            raise MalformedCursor from error


class NameAndKind(SimpleMetadata):
    """What OPTIONS tells: what is here, and in which types. What may be sent is told by the OpenAPI
    document, and a view that takes nothing has no serializer to be asked."""

    def determine_actions(self, request: Any, view: Any) -> dict[str, Any]:
        """Nothing."""
        return {}


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: the response for an exception that a view raised.

    Returns:
        The problem document, or None for an exception nobody foresaw, which Django then logs and
        answers with 500.
    """
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if trouble := database_trouble(exc):
        logger.warning("answered 503: %s", exc)
        exc = trouble
    if not isinstance(exc, exceptions.APIException):
        return None
    set_rollback()
    response = Response(_problem(exc), status=exc.status_code, headers=_headers(exc))
    if not _is_page(context.get("request")):
        response.content_type = MEDIA_TYPE
    return response


def _is_page(request: Any) -> bool:
    """Whether the answer goes out inside the browsable API's page. A renderer of any other kind
    gives way to JSON: it has no form for a problem."""
    renderer = getattr(request, "accepted_renderer", None)
    if renderer is None or renderer.format == "api":
        return renderer is not None
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), MEDIA_TYPE
    return False


def code_of(exc: type[exceptions.APIException]) -> str | None:
    """The code of an exception's own type of problem; none where the status says it all."""
    if issubclass(exc, exceptions.ValidationError):
        return INVALID_REQUEST
    code = str(exc.default_code)
    return None if code in PLAIN_CODES else code


def _problem(exc: exceptions.APIException) -> dict[str, Any]:
    if isinstance(exc, exceptions.ValidationError):
        detail = "The request has fields that cannot be accepted."
        members: dict[str, Any] = {"errors": _field_errors(exc.detail)}
    else:
        detail, members = str(exc.detail), getattr(exc, "members", {})
    return document(exc.status_code, detail, code=code_of(type(exc)), **members)


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers: dict[str, str] = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def _field_errors(detail: Any, path: str = "") -> list[dict[str, str]]:
    """DRF's nested error structure as a flat list of field and what is wrong with it."""
    if isinstance(detail, dict):
        return [
            error
            for name, inner in detail.items()
            for error in _field_errors(inner, _join(path, str(name)))
        ]
    if isinstance(detail, list):
        return [
            error
            for index, inner in enumerate(detail)
            for error in _field_errors(
                inner, f"{path}[{index}]" if isinstance(inner, dict | list) else path
            )
        ]
    return [{"field": path, "detail": str(detail)}]


def _join(path: str, name: str) -> str:
    if name == "non_field_errors":
        return path
    return f"{path}.{name}" if path else name
