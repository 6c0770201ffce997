"""One OpenAPI document out of the services': what the gateway lets through."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

Json = dict[str, Any]

REFERENCE = "#/components/schemas/"
PLAIN = "PlainProblem"
# What the gateway itself may answer besides, to any of it.
OWN = {
    "429": "There were too many requests in this minute; come back in the next.",
    "502": "The service cannot be reached, or its answer not be read.",
    "504": "The service has not answered in time.",
}
RETRY_AFTER = {
    "description": "Come back after so many seconds.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}


def merged(documents: Mapping[str, Json], prefixes: Collection[str]) -> Json:
    """The document of the paths below these prefixes.

    Args:
        documents: of the services, by their names.
        prefixes: of paths, as the gateway's routes have them.
    """
    first = next(iter(documents.values()))
    paths: Json = {}
    schemas: Json = {}
    for service, document in documents.items():
        document = _renamed(document, service, schemas)
        schemas.update(document["components"]["schemas"])
        for path, methods in document["paths"].items():
            if any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes):
                paths[path] = {name: _public(one) for name, one in methods.items()}
    return {
        "openapi": first["openapi"],
        "info": {
            "title": "Airline reservations",
            "version": first["info"]["version"],
            "description": "Departures, offers, reservations and payments, behind one door.",
        },
        "paths": paths,
        "components": {
            "schemas": _used(paths, schemas),
            "securitySchemes": first["components"]["securitySchemes"],
        },
    }


def _renamed(document: Json, service: str, taken: Json) -> Json:
    """A document whose schemas have names of their own, where another's are called the same and
    are not."""
    own = document["components"]["schemas"]
    new = {
        name: f"{service.title()}{name}"
        for name in own
        if name in taken and taken[name] != own[name]
    }
    text = json.dumps(document)
    for name, other in new.items():
        text = text.replace(f'"{REFERENCE}{name}"', f'"{REFERENCE}{other}"')
    made: Json = json.loads(text)
    named = made["components"]["schemas"]
    made["components"]["schemas"] = {new.get(name, name): of for name, of in named.items()}
    return made


def _public(operation: Json) -> Json:
    """An operation as it is at the gateway, where everybody has to sign in."""
    content = {"application/problem+json": {"schema": {"$ref": f"{REFERENCE}{PLAIN}"}}}
    own: Json = {status: {"description": told, "content": content} for status, told in OWN.items()}
    own["429"]["headers"] = {"Retry-After": RETRY_AFTER}
    responses = dict(sorted({**own, **operation["responses"]}.items()))
    security = [one for one in operation.get("security", []) if one]
    return {**operation, "security": security, "responses": responses}


def _used(paths: Json, schemas: Json) -> Json:
    """The schemas that these paths refer to, directly or not."""
    wanted, used = list(_references(paths)), set()
    while wanted:
        name = wanted.pop()
        if name not in used:
            used.add(name)
            wanted += _references(schemas[name])
    return {name: schemas[name] for name in sorted(used)}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, inner in part.items():
            if name == "$ref":
                yield inner.removeprefix(REFERENCE)
            yield from _references(inner)
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)
