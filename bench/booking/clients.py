"""Many HTTP clients in one process, as cheap as can be: they share the processors with what is
measured. `python -m bench.booking.clients`: a round for each line of JSON.

Keep-alive connections over plain sockets; each sends its next request when it has its answer or,
at a steady rate, when one is due.
"""

import json
import re
import selectors
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

SILENCE_SECONDS: Final = 15
LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
END_OF_HEAD: Final = b"\r\n\r\n"


class Connection:
    """One client."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SILENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0
        self._received = b""

    def send(self, number: int, request: bytes) -> None:
        """Send a request; its number comes back with the answer."""
        self.number, self._received = number, b""
        self.socket.sendall(request)

    def receive(self) -> int:
        """Read what is there; the answer's status once it is whole, else 0.

        Raises:
            ConnectionError: the server has ended it.
        """
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server has closed a connection")
        self._received += data
        head, end, body = self._received.partition(END_OF_HEAD)
        if not end:
            return 0
        length = LENGTH.search(head)
        if length is None:
            raise ConnectionError(f"an answer has no Content-Length: {self._received[:500]!r}")
        return int(head[9:12]) if len(body) >= int(length[1]) else 0


class Round:
    """Some requests, sent by some clients.

    Args:
        port: the server's.
        clients: how many.
        requests: what is sent.
        per_second: the rate at which requests are due; 0 is at once.
    """

    def __init__(
        self, port: int, clients: int, requests: Sequence[bytes], per_second: float
    ) -> None:
        self._requests = requests
        self._per_second = per_second
        # Not epoll, which waits for whole milliseconds: what is due would be sent half of one late.
        self._selector = selectors.SelectSelector()
        self._idle = deque(Connection(port) for _ in range(clients))
        for connection in self._idle:
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self._next = 0
        self._statuses: Counter[int] = Counter()
        self._seconds = [0.0] * len(requests)
        self._since = [0.0] * len(requests)

    def run(self) -> dict[str, Any]:
        """Send all, wait for every answer.

        Returns:
            When it started and ended, how often each status came, and the seconds from when each
            request was due to its answer's last byte.

        Raises:
            ConnectionError, TimeoutError: the server does not answer.
        """
        self._started = time.monotonic()
        while sum(self._statuses.values()) < len(self._requests):
            self._send_due()
            patience = self._patience()
            ready = self._selector.select(patience)
            if not ready and patience == SILENCE_SECONDS:
                raise TimeoutError(f"no answer for {SILENCE_SECONDS} s")
            for key, _ in ready:
                self._receive(key.data)
        ended = time.monotonic()
        self._selector.close()
        for connection in self._idle:
            connection.socket.close()
        return {
            "started": self._started,
            "ended": ended,
            "statuses": self._statuses,
            "seconds": self._seconds,
        }

    def _due(self) -> float:
        """When the next request is due."""
        return self._started + (self._next / self._per_second if self._per_second else 0)

    def _send_due(self) -> None:
        while self._idle and self._next < len(self._requests) and self._due() <= time.monotonic():
            self._since[self._next] = self._due() if self._per_second else time.monotonic()
            self._idle.popleft().send(self._next, self._requests[self._next])
            self._next += 1

    def _patience(self) -> float:
        """How long nothing needs to happen."""
        if self._idle and self._next < len(self._requests):
            return max(0.0, self._due() - time.monotonic())
        return SILENCE_SECONDS

    def _receive(self, connection: Connection) -> None:
        if status := connection.receive():
            number = connection.number
            self._seconds[number] = time.monotonic() - self._since[number]
            self._statuses[status] += 1
            self._idle.append(connection)


def encoded(
    method: str, target: str, body: object = None, *, headers: Mapping[str, str] | None = None
) -> bytes:
    """A request as it goes over the wire, with these headers besides its own."""
    content = b"" if body is None else json.dumps(body).encode()
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{more}"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def main() -> None:
    """Rounds, until there are no more."""
    for line in sys.stdin:
        order = json.loads(line)
        headers = order.pop("headers", None)
        requests = [encoded(*request, headers=headers) for request in order.pop("requests")]
        print(json.dumps(Round(requests=requests, **order).run()), flush=True)


if __name__ == "__main__":
    main()
