"""Posting to an address that was looked up before, with an end to how long and how much.

urllib3's read time-out bounds the silence between two bytes; a receiver that sends one byte now and
then would hold a thread for ever. Here a deadline bounds the whole answer.
"""

import http.client
import io
import socket
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection

from notification.channels.targets import Target

LARGEST_ANSWER_BYTES: Final = 16 * 1024
# A connection that was idle for longer may meet the receiver's closing of it.
IDLE_SECONDS: Final = 10.0


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


class _Bounded(HTTPConnection):
    """A connection whose read time-out bounds the whole answer."""

    _used_at = 0.0

    @property
    def is_connected(self) -> bool:
        """Whether the next request may use this connection."""
        return super().is_connected and monotonic() - self._used_at < IDLE_SECONDS

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        """The answer to the last request, its body still to be read."""
        self._used_at = monotonic()
        deadline = self._used_at + (self.timeout or 0)

        def response(sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
            answer = http.client.HTTPResponse(sock, *args, **kwargs)
            answer.fp = io.BufferedReader(_ReadUntil(answer.fp.detach(), sock, deadline))
            return answer

        self.response_class = response  # type: ignore[assignment]
        return super().getresponse()


class _BoundedSecure(_Bounded, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Bounded


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _BoundedSecure


class Poster:
    """Posts, keeping some connections open between posts.

    Args:
        connect_seconds: the longest wait for a connection.
        read_seconds: the longest wait for a whole answer.
        connections: how many connections to one receiver are kept open.
    """

    def __init__(self, *, connect_seconds: float, read_seconds: float, connections: int) -> None:
        self._timeout = Timeout(connect=connect_seconds, read=read_seconds)
        self._pools = PoolManager(num_pools=64, maxsize=connections)
        self._pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def post(
        self, target: Target, address: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, str]:
        """Post to a target at an address of its; the status, and what there is room for of the
        answer's body. No redirect is followed, no answer is decompressed.

        Raises:
            urllib3.exceptions.HTTPError, OSError: there was no whole answer in time.
        """
        by_name = {"server_hostname": target.host, "assert_hostname": target.host}
        pool = self._pools.connection_from_host(
            address, target.port, target.scheme, by_name if target.scheme == "https" else None
        )
        answer = pool.urlopen(
            "POST",
            target.path,
            body=body,
            headers={"Host": target.authority, **headers},
            retries=False,
            redirect=False,
            timeout=self._timeout,
            preload_content=False,
            decode_content=False,
        )
        text = answer.read(LARGEST_ANSWER_BYTES + 1)
        if len(text) > LARGEST_ANSWER_BYTES:
            answer.close()  # what is left of it would have to be read before the next post
        answer.release_conn()
        return answer.status, text.decode(errors="replace")

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._pools.clear()
