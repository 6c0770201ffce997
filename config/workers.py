"""gunicorn's threaded worker, made fair: among workers, and to clients that take their time."""

import errno
import time
from functools import partial
from selectors import EVENT_READ
from socket import socket
from typing import Any, Final

from django.conf import settings
from gunicorn.http.errors import NoMoreData  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

HESITATION_SECONDS: Final = 0.00005  # for each connection: what the kernel takes to wake a process
LONGEST_HESITATION_SECONDS: Final = 0.002
LINGER_SECONDS: Final = 0.02


class FairWorker(ThreadWorker):  # type: ignore[misc]
    """Leaves a new connection to a worker that has fewer, and gives no thread away for nothing.

    All workers are woken when a connection comes, and the same one may always be the first: it had
    all thirty-two connections of the gateway, and the others nothing to do for as long as these
    were kept. Whoever has more waits longer before it accepts.

    gunicorn gives a thread to every new connection for up to five seconds, to every request until
    its last byte has come, and to every answer until its last byte has been taken: a few clients
    that send or take a byte now and then would have all of them. Here a connection gets a thread
    when there is something to read, and a client has `CLIENT_SECONDS` for a whole request, and for
    each piece of the answer. A connection on which nothing comes, be it new or used before, is kept
    for the `keepalive` of gunicorn's settings: programs open connections before they need them.
    """

    def accept(self, listener: Any) -> None:
        """Accept a connection, if it is still there."""
        if self.cfg.workers > 1:
            time.sleep(min(self.nr_conns * HESITATION_SECONDS, LONGEST_HESITATION_SECONDS))
        super().accept(listener)

    def enqueue_req(self, conn: Any) -> None:
        """Give a thread to a connection on which a request has begun; have the others wait."""
        if not isinstance(conn.sock, TimedSocket):
            conn.sock = TimedSocket(conn.sock)
        if not conn.initialized and not conn.data_ready:
            self._wait_for_data(conn)
            return
        conn.sock.begin(settings.CLIENT_SECONDS)
        super().enqueue_req(conn)

    def _wait_for_data(self, conn: Any) -> None:
        """As gunicorn does once nothing has come on a new connection for long."""
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        when_readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, when_readable)


class TimedSocket:
    """A client's socket, which waits no longer than it was told; otherwise the socket itself.

    A time-out of the socket's own bounds the silence between two bytes, and begins anew with each.
    """

    def __init__(self, client: socket) -> None:
        self._client = client
        self._seconds = 0.0
        self._read_until = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def begin(self, seconds: float) -> None:
        """A request begins: all of it has to have come after so many seconds, and each piece of
        its answer to be taken within as many."""
        self._seconds, self._read_until = seconds, time.monotonic() + seconds

    def shutdown(self, how: int) -> None:
        """Say that nothing more is sent; gunicorn then reads what the client may still have sent,
        in the one thread that serves all connections."""
        self._client.shutdown(how)
        self._read_until = time.monotonic() + LINGER_SECONDS

    def recv(self, size: int) -> bytes:
        """What has come. A request that had to wait for a thread is read even if it is late by
        then: it is here.

        Raises:
            NoMoreData: nothing has, and it is late; gunicorn and Django know it as the end of a
                client that went away.
        """
        self._client.settimeout(max(0.0, self._read_until - time.monotonic()))
        try:
            return self._client.recv(size)
        except (TimeoutError, BlockingIOError):
            raise NoMoreData from None
        finally:
            self._client.settimeout(None)

    def sendall(self, data: bytes) -> None:
        """Send a piece of an answer.

        Raises:
            ConnectionResetError: the client does not take it.
        """
        self._client.settimeout(self._seconds)
        try:
            self._client.sendall(data)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the client takes no answer") from error
        finally:
            self._client.settimeout(None)
