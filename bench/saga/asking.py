"""A client that asks the gateway until it is told CONFIRMED: whether the reader of the database has
seen that when it should have."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from bench.booking.inventory import Asked
from bench.booking.selling import reserving
from bench.saga.told import Told
from dev.console import RefusalError

PAUSE_SECONDS: Final = 0.002
PATIENCE_SECONDS: Final = 10.0


@contextmanager
def client(port: int) -> Iterator[http.client.HTTPConnection]:
    """A connection to the gateway, closed after the block."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def ask(connection: http.client.HTTPConnection, seat: Asked) -> Told:
    """Reserve a seat and ask until it is CONFIRMED.

    Raises:
        RefusalError: it is not, for long.
    """
    made = _answer(connection, *reserving(seat))
    pending, deadline = time.time(), time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        asked = time.time()
        status = _answer(connection, "GET", f"/api/reservations/{made['id']}")["status"]
        if status == "CONFIRMED":
            return Told(UUID(made["id"]), pending, time.time())
        pending = asked
        time.sleep(PAUSE_SECONDS)
    raise RefusalError(f"reservation {made['id']} is still {status}")


def _answer(
    connection: http.client.HTTPConnection, method: str, target: str, body: object = None
) -> Any:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    connection.request(method, target, json.dumps(body) if body else None, headers)
    return json.loads(connection.getresponse().read())
