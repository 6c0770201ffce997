"""What a connection with a pipeline sends to MariaDB, packet by packet."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from MySQLdb import connections  # type: ignore[import-untyped]


@contextmanager
def packets(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What is sent within the block."""
    connection.ensure_connection()
    sent: list[bytes] = []
    send = connections.Connection.query

    def query(self: Any, text: bytes) -> None:
        sent.append(bytes(text))
        send(self, text)

    with monkeypatch.context() as patched:
        patched.setattr(connections.Connection, "query", query)
        yield sent


def first_words(packet: bytes) -> list[str]:
    """The first word of each of its statements, none of which may have a semicolon in it."""
    return [one.split()[0].decode() for one in packet.split(b";")]
