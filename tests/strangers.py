"""Every operation of a service's OpenAPI document, asked by a customer for what is another's.

A service's test lists how each is asked and what it answers then. An operation that is in the
document and not in the list fails, so that nobody adds one without saying whom it shows what.
"""

import json
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from django.conf import settings
from django.test import Client

from contracts.callers import READ, WRITE, vouch
from tests.openapi import committed

METHODS: Final = {"delete", "get", "patch", "post", "put"}


@dataclass(frozen=True)
class Asked:
    """How a stranger asks for what is another's, and the status of the answer."""

    path: str
    status: int
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def operations(service: str) -> set[str]:
    """The operations of a service's document, such as `GET /api/reservations`."""
    document = yaml.safe_load(committed(service))
    return {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in METHODS & methods.keys()
    }


def stranger(
    service: str, name: str = "stranger", *, scopes: Collection[str] = (READ, WRITE)
) -> Client:
    """A customer with every scope that a customer can have, or with these."""
    keys = settings.INTERNAL_KEYS
    header = vouch(name, scopes, by="gateway", to=service, keys=keys, at=time.time())
    return Client(headers=header)


def assert_shown_nothing(
    operation: str, asked: Asked, client: Client, *, of: Collection[str]
) -> None:
    """The answer has its status, and nothing in it that is another's: none of the texts `of`."""
    method = operation.partition(" ")[0]
    body = json.dumps(asked.body) if asked.body is not None else ""
    answer = client.generic(method, asked.path, body, "application/json", headers=asked.headers)
    assert answer.status_code == asked.status, answer.content
    told = f"{answer.headers} {answer.content.decode()}"
    assert not [text for text in of if text in told]
