"""The OpenAPI document of a service: what drf-spectacular reads off the views, and every refusal.

A view's method may have attributes: `refusals`, the exceptions that it answers with, `links`, what
to do with what it gave, and `needs_body`. Here they become part of the document, together with what
any operation may answer besides.
"""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, resolve_type_hint
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from rest_framework import exceptions
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from config.drf import INVALID_REQUEST, MalformedCursor, code_of
from config.outages import Busy, DatabaseUnavailable
from config.problems import MEDIA_TYPE, TYPE_PREFIX, title_of, type_of

Schema = dict[str, Any]
Refusal = type[exceptions.APIException]

SIGNED_IN: Final = "token"
PLAIN: Final = "PlainProblem"
# What a status says by itself.
MEANING: Final = {
    400: "The request cannot be read.",
    401: "Nobody that is believed here says who asks.",
    403: "The caller may not do this.",
    404: "There is nothing at this path.",
    406: "No representation is acceptable to the caller.",
    411: "The body has no Content-Length.",
    413: "The body is too large.",
    415: "The body is not of a type that is understood here.",
    500: "Something nobody foresaw; the log has it.",
}
ALWAYS: Final = (400, 401, 403, 406, 500)
WITH_BODY: Final = (411, 413, 415)
FIELD_ERRORS: Final[Schema] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["field", "detail"],
        "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
    },
}


class DocumentedSchema(AutoSchema):
    """How a view is described: as drf-spectacular finds it, with its refusals."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Schema | None:
        """One operation of the document."""
        operation: Schema | None = super().get_operation(*args, **kwargs)
        if operation:
            if getattr(self._method(), "needs_body", False):
                operation["requestBody"]["required"] = True
            for status, response in operation["responses"].items():
                self._complete(response, status)
            operation["responses"].update(self._refused(operation))
        return operation

    def get_auth(self) -> list[Schema]:
        """How to sign in: a token; a session is for people, and no client's."""
        anybody: list[Schema] = [{}] if settings.TRIAL else []
        return [{SIGNED_IN: []}, *anybody]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """Without the ending that drf-spectacular puts after what goes in."""
        return super().get_serializer_name(serializer, direction).removesuffix("Request")

    def _method(self) -> Any:
        return getattr(self.view, str(self.method).lower(), None)

    def _complete(self, response: Schema, status: str) -> None:
        response["description"] = response["description"] or HTTPStatus(int(status)).phrase
        if links := getattr(self._method(), "links", None):
            response["links"] = links

    def _refused(self, operation: Schema) -> Iterator[tuple[str, Schema]]:
        """The responses for whatever is refused, by status."""
        refusals = sorted(self._refusals(operation), key=lambda refusal: refusal.status_code)
        owned = {
            status: list(those)
            for status, those in groupby(refusals, key=lambda refusal: refusal.status_code)
        }
        plain = set(self._plain_statuses(operation))
        for status in sorted(owned.keys() | plain):
            yield str(status), self._response(status, owned.get(status, []), status in plain)

    def _refusals(self, operation: Schema) -> Iterator[Refusal]:
        yield from getattr(self._method(), "refusals", ())
        yield from (DatabaseUnavailable, Busy)
        if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ())):
            yield MalformedCursor

    def _plain_statuses(self, operation: Schema) -> Iterator[int]:
        yield from ALWAYS
        if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
            yield 404
        if self.method not in {"GET", "HEAD"}:
            yield from WITH_BODY if "requestBody" in operation else WITH_BODY[:2]

    def _response(self, status: int, refusals: list[Refusal], plain: bool) -> Schema:
        told = [f"`{code_of(refusal)}`: {_meaning(refusal)}" for refusal in refusals]
        schemas = [self._component(*_described(refusal)) for refusal in refusals]
        if plain:
            told.append(MEANING[status])
            schemas.append(self._component(PLAIN, _plain()))
        schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
        description = told[0] if len(told) == 1 else "\n".join(f"- {line}" for line in told)
        response = {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
        return response | _headers(refusals, plain)

    def _component(self, name: str, schema: Schema) -> Schema:
        """A reference to a schema, which is put among the components once."""
        component = ResolvedComponent(
            name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name
        )
        self.registry.register_on_missing(component)
        return dict(component.ref)


def _meaning(refusal: Refusal) -> str:
    """What an exception says of itself in the first sentence of its docstring."""
    if refusal is exceptions.ValidationError:
        return "A field is missing, unknown or unfit; `errors` names each."
    return " ".join((refusal.__doc__ or "").partition("\n\n")[0].split())


def own_type(refusal: Refusal) -> str:
    """The type of an exception's problems.

    Raises:
        ValueError: it has none of its own, so that there is nothing to tell but the status.
    """
    code = code_of(refusal)
    if code is None:
        raise ValueError(f"{refusal.__name__} has no code of its own")
    return type_of(code)


def _described(refusal: Refusal) -> tuple[str, Schema]:
    """The name and the schema of an exception's own type of problem."""
    code = own_type(refusal).removeprefix(TYPE_PREFIX)
    members = _members(refusal)
    properties: Schema = {
        "type": {"type": "string", "const": own_type(refusal)},
        "title": {"type": "string", "const": title_of(code)},
        "status": {"type": "integer", "const": refusal.status_code},
        "detail": {"type": "string", "description": "What went wrong this time, for a person."},
        **members,
    }
    name = "".join(word.capitalize() for word in code.split("-")) + "Problem"
    return name, {
        "type": "object",
        "description": _meaning(refusal),
        "required": [*properties],
        "properties": properties,
    }


def _members(refusal: Refusal) -> Mapping[str, Schema]:
    """What a problem has besides, by the types that the exception tells in `documented_members`."""
    if code_of(refusal) == INVALID_REQUEST:
        return {"errors": FIELD_ERRORS}
    hints: Mapping[str, Any] = getattr(refusal, "documented_members", {})
    return {name: resolve_type_hint(hint) for name, hint in hints.items()}


def _plain() -> Schema:
    return {
        "type": "object",
        "description": "A problem of which the status says it all.",
        "required": ["type", "title", "status"],
        "properties": {
            "type": {"type": "string", "const": "about:blank"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }


def _headers(refusals: Iterable[Refusal], plain: bool) -> Schema:
    """`Retry-After`, where coming back later may help."""
    waits = [hasattr(refusal, "wait") for refusal in refusals]
    if not any(waits):
        return {}
    header = {
        "description": "Come back after so many seconds.",
        "required": all(waits) and not plain,
        "schema": {"type": "integer", "minimum": 1},
    }
    return {"headers": {"Retry-After": header}}


_rendered: dict[type[BaseRenderer], bytes] = {}


class Document(APIView):
    """The OpenAPI document of this service, in YAML or in JSON."""

    schema = None
    renderer_classes = (
        OpenApiYamlRenderer2,
        OpenApiYamlRenderer,
        OpenApiJsonRenderer2,
        OpenApiJsonRenderer,
    )

    def get(self, request: Request) -> HttpResponse:
        """The document: the same as long as the process lives."""
        renderer = type(request.accepted_renderer)
        return HttpResponse(rendered(renderer), content_type=renderer.media_type)


def rendered(renderer: type[BaseRenderer]) -> bytes:
    """The document in one of its forms; made once, because it takes a second."""
    if renderer not in _rendered:
        document = SchemaGenerator().get_schema(request=None, public=True)
        text: Any = renderer().render(document, renderer_context={})
        _rendered[renderer] = bytes(text)
    return _rendered[renderer]
