"""Connections to the services: kept alive, bounded per service, and bounded in time.

urllib3 pools them. What it leaves open is closed here: its read time-out bounds the silence
between two bytes, so that a service that sends one byte now and then would hold a thread for ever;
and it keeps an idle connection for as long as the service does, so that a request can meet the
service's closing of it.
"""

import http.client
import io
import socket
from time import monotonic
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

# Shorter than the services keep an idle connection (`keepalive` in config/gunicorn.py): whichever
# side closes first must be this one, because a request that crosses the service's closing cannot
# be told from one that was carried out, and a POST like that cannot be sent again.
IDLE_SECONDS: Final = 30.0


class _ReadUntil(io.RawIOBase):
    """Reads a socket until a deadline of the monotonic clock, in seconds."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Raises TimeoutError once the deadline has passed, even if there are bytes to read."""
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedConnection(HTTPConnection):
    """A connection whose read time-out bounds the whole answer, from status line to last byte."""

    _used_at = 0.0

    @property
    def is_connected(self) -> bool:
        """Whether the next request may use this connection; the pool opens another if not."""
        return super().is_connected and monotonic() - self._used_at < IDLE_SECONDS

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        """The answer to the last request, its body still to be read."""
        self._used_at = monotonic()
        deadline = self._used_at + (self.timeout or 0)
        answers: list[http.client.HTTPResponse] = []

        def response(sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
            answer = http.client.HTTPResponse(sock, *args, **kwargs)
            answer.fp = io.BufferedReader(_ReadUntil(answer.fp.detach(), sock, deadline))
            answers.append(answer)
            return answer

        self.response_class = response  # type: ignore[assignment]
        try:
            return super().getresponse()
        except BaseException:
            # Where urllib3 gives up on a head that http.client took, nobody else closes it.
            for answer in answers:
                answer.close()
            raise


class BoundedSecureConnection(BoundedConnection, HTTPSConnection):
    """The same over TLS."""


class BoundedPool(HTTPConnectionPool):
    """Connections to one service."""

    ConnectionCls = BoundedConnection


class BoundedSecurePool(HTTPSConnectionPool):
    """Connections to one service over TLS."""

    ConnectionCls = BoundedSecureConnection


class Pools(PoolManager):
    """A pool for each service, each with at most `connections` connections; more wait."""

    def __init__(self, *, services: int, connections: int) -> None:
        super().__init__(num_pools=services, maxsize=connections, block=True)
        self.pool_classes_by_scheme = {"http": BoundedPool, "https": BoundedSecurePool}
