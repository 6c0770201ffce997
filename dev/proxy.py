"""A TCP proxy on 127.0.0.1 that breaks what goes through it: cuts, refuses, delays, throttles."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

CHUNK: Final = 65_536
PATIENCE_SECONDS: Final = 5
FROZEN_LOOK_SECONDS: Final = 0.02
# struct linger: on, zero seconds. Closing then sends RST instead of FIN.
RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Proxy:
    """Passes connections to `port` on to `upstream`, for better or worse.

    Args:
        upstream: the port of the server behind it.
        port: where to listen; without it, a free one is taken.

    The attributes may be set at any time and concern what passes from then on.

    `delay`: how many seconds every piece of data is held, in each direction.
    `bytes_per_second`: the most that passes in each direction of a connection, 0 for no limit.
    `is_refusing`: new connections are reset at once.
    `is_frozen`: nothing passes; what came meanwhile passes afterwards.
    """

    def __init__(self, upstream: int, port: int = 0) -> None:
        self.delay = 0.0
        self.bytes_per_second = 0
        self.is_refusing = False
        self.is_frozen = False
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._start(self._accept)

    def cut(self) -> int:
        """Reset every connection there is; how many sockets that were."""
        sockets = list(self._open)
        for end in sockets:
            _reset(end)
        return len(sockets)

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Cut every connection and let none be made for the enclosed block."""
        self.is_refusing = True
        self.cut()
        try:
            yield
        finally:
            self.is_refusing = False

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Hold everything back for the enclosed block, as a network does that drops packets."""
        self.is_frozen = True
        try:
            yield
        finally:
            self.is_frozen = False

    @contextlib.contextmanager
    def slow(self, *, delay: float = 0.0, bytes_per_second: int = 0) -> Iterator[None]:
        """Delay and throttle for the enclosed block."""
        self.delay, self.bytes_per_second = delay, bytes_per_second
        try:
            yield
        finally:
            self.delay, self.bytes_per_second = 0.0, 0

    def close(self) -> None:
        """Stop listening and end every connection."""
        self.is_refusing, self.is_frozen = True, False
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self._listener.close()
        self.cut()
        for thread in list(self._threads):
            thread.join(PATIENCE_SECONDS)

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        def run() -> None:
            try:
                work(*arguments)
            finally:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, daemon=True)
        self._threads.add(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        server = None if self.is_refusing else self._dial()
        if server is None:
            _reset(client)
            client.close()
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(end)
        self._start(self._pass_both_ways, client, server)

    def _dial(self) -> socket.socket | None:
        try:
            server = socket.create_connection(("127.0.0.1", self._upstream), PATIENCE_SECONDS)
        except OSError:
            return None
        server.settimeout(None)
        return server

    def _pass_both_ways(self, client: socket.socket, server: socket.socket) -> None:
        back = threading.Thread(target=self._pass, args=(server, client), daemon=True)
        back.start()
        self._pass(client, server)
        back.join()
        for end in (client, server):
            self._open.discard(end)
            end.close()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self._hold_back(len(data))
                target.sendall(data)
        for end in (source, target):
            _shut(end)

    def _hold_back(self, size: int) -> None:
        if self.delay:
            time.sleep(self.delay)
        if limit := self.bytes_per_second:
            time.sleep(size / limit)
        while self.is_frozen:
            time.sleep(FROZEN_LOOK_SECONDS)


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    _shut(end)


def _shut(end: socket.socket) -> None:
    """Wake whoever waits for data; closing alone would not."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
