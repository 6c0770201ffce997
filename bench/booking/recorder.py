"""Has the service answer requests in this process, and takes down what it says to its database."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client

from bench.booking.recording import Recording
from booking.models import Departure
from dev.console import RefusalError


class _Notes:
    """A wrapper of Django's `execute_wrapper` that keeps the statements."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, list[Any]]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements.append((sql, [_plain(value) for value in params or ()]))
        return execute(sql, params, many, context)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float) else str(value)


def record(
    method: str, target: str, body: Any = None, *, asked: dict[str, Any] | None = None
) -> Recording:
    """One request's recording.

    Raises:
        RefusalError: the service refuses the request.
    """
    notes = _Notes()
    with connection.execute_wrapper(notes):
        answer = Client(SERVER_NAME="localhost").generic(
            method, target, json.dumps(body) if body else "", content_type="application/json"
        )
    if answer.status_code >= 300:
        raise RefusalError(f"{method} {target}: {answer.status_code} {answer.content[:300]!r}")
    return Recording(notes.statements, answer.content.decode(), asked or {})


def departure_key(flight: int, date: str) -> int:
    """A departure's primary key."""
    return Departure.objects.get(flight__number=flight, date=date).pk


def write(file: Path, recordings: dict[str, Recording]) -> None:
    """Store recordings for the limit."""
    file.write_text(json.dumps({name: asdict(one) for name, one in recordings.items()}))
