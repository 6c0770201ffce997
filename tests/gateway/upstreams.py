"""Stand-ins for the services behind the gateway, on real sockets, and a gateway process."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent.parent

Script = Callable[["Exchange"], None]


@dataclass(frozen=True)
class Seen:
    """A request as it arrived at a stand-in."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


@dataclass
class Exchange:
    """One connection to a stand-in, as its script drives it."""

    service: "Service"
    sock: socket.socket
    number: int
    _rest: bytes = b""

    def request(self) -> Seen | None:
        """The next request on this connection, or None once the other side has closed it."""
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        line, *lines = head.decode("latin-1").split("\r\n")
        pairs = (header.split(":", 1) for header in lines)
        headers = {name.lower(): value.strip() for name, value in pairs}
        seen = Seen(line, headers, self._exactly(int(headers.get("content-length", 0))))
        self.service.seen.append(seen)
        return seen

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, body: bytes = b"{}", *, status: str = "200 OK", headers: str = "") -> None:
        """A complete answer, after which the connection stays open."""
        self.send(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n{headers}\r\n".encode("latin-1")
            + body
        )

    def _until(self, end: bytes) -> bytes | None:
        while end not in self._rest:
            data = self.sock.recv(65536)
            if not data:
                return None
            self._rest += data
        head, self._rest = self._rest.split(end, 1)
        return head

    def _exactly(self, length: int) -> bytes:
        while len(self._rest) < length:
            data = self.sock.recv(65536)
            if not data:
                break
            self._rest += data
        body, self._rest = self._rest[:length], self._rest[length:]
        return body


class Service:
    """A service on a port of its own: `script` drives every connection, each in a thread."""

    def __init__(self, script: Script, port: int = 0) -> None:
        self.script = script
        self.seen: list[Seen] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", port))
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_connections()
        self._thread.join(5)

    def drop_connections(self) -> None:
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._drive, args=(sock, self.connections), daemon=True).start()

    def _drive(self, sock: socket.socket, number: int) -> None:
        self._open.add(sock)
        with sock, contextlib.suppress(OSError):
            self.script(Exchange(self, sock, number))
        self._open.discard(sock)


def answering(
    body: bytes = b'{"ok": true}', *, status: str = "200 OK", headers: str = ""
) -> Script:
    """Answers every request alike and keeps the connection."""

    def script(exchange: Exchange) -> None:
        while seen := exchange.request():
            exchange.answer(b"" if seen.method == "HEAD" else body, status=status, headers=headers)

    return script


def sending(answer: bytes) -> Script:
    """Sends these bytes for an answer and closes the connection."""

    def script(exchange: Exchange) -> None:
        exchange.request()
        exchange.send(answer)

    return script


def silent(exchange: Exchange) -> None:
    """Takes the request and never answers."""
    exchange.request()
    exchange.sock.recv(1)


def trickling(head: bytes, drop: bytes) -> Script:
    """Sends `head`, then a drop every 50 ms for as long as anybody listens."""

    def script(exchange: Exchange) -> None:
        exchange.request()
        exchange.send(head)
        while True:
            exchange.send(drop)
            time.sleep(0.05)

    return script


@contextlib.contextmanager
def gateway_process(booking: str, **environment: str) -> Iterator[tuple[str, int]]:
    """A gateway under gunicorn as it is deployed, on a port of its own choosing."""
    process = subprocess.Popen(
        f"{sys.executable} -m gunicorn -c config/gunicorn.py config.wsgi -b 127.0.0.1:0".split(),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "TRIAL": "1", "SERVICE": "gateway"}
        | {"BOOKING_URL": booking, "WEB_CONCURRENCY": "1"}
        | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if listening := re.search(r"Listening at: http://([\d.]+):(\d+)", line):
                break
        assert listening is not None, "".join(lines)
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        # It listens before its worker has started, which can take longer than a test waits.
        urlopen(f"http://{listening[1]}:{listening[2]}/health/live", timeout=30).close()
        yield listening[1], int(listening[2])
    finally:
        process.terminate()
        assert process.wait(15) == 0
        drain.join(5)
        process.stderr.close()
