"""Clients that take their time, against a real gateway with two threads: nobody waits for them."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection

import pytest

from tests.gateway.test_process import get
from tests.gateway.upstreams import Service, answering, gateway_process

SLOW = 12  # six times as many as there are threads
CLIENT_SECONDS = 2
# Twelve that each held a thread for its time would hold both threads for twelve seconds.
PATIENCE_SECONDS = 8
LARGE = b"x" * 4_000_000
HEAD = b"POST /api/reservations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

Address = tuple[str, int]


@pytest.fixture(scope="module")
def booking() -> Iterator[Service]:
    service = Service(answering())
    yield service
    service.close()


@pytest.fixture(scope="module")
def address(booking: Service) -> Iterator[Address]:
    threads = {"WEB_THREADS": "2", "CLIENT_SECONDS": str(CLIENT_SECONDS)}
    with gateway_process(booking.url, **threads) as address:
        yield address


def connected(address: Address, stack: ExitStack) -> socket.socket:
    return stack.enter_context(socket.create_connection(address, timeout=30))


def is_answered(address: Address) -> bool:
    """Whether somebody else is answered, in time."""
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as other:
        other.sendall(get("/health/live"))
        return other.recv(65536).startswith(b"HTTP/1.1 200 ")


def trickle(sock: socket.socket, stop: threading.Event) -> None:
    """A byte now and then, without end."""
    with suppress(OSError):
        while not stop.wait(0.2):
            sock.sendall(b"x")


def until_closed(sock: socket.socket) -> bytes:
    """What comes until the gateway closes the connection."""
    received = b""
    with suppress(ConnectionResetError):
        while data := sock.recv(65536):
            received += data
    return received


def begun(address: Address, stack: ExitStack, beginning: bytes) -> list[socket.socket]:
    """Many requests that have begun, and go on a byte at a time."""
    stop = threading.Event()
    stack.callback(stop.set)
    slow = [connected(address, stack) for _ in range(SLOW)]
    for sock in slow:
        sock.sendall(beginning)
        threading.Thread(target=trickle, args=(sock, stop), daemon=True).start()
    return slow


@pytest.mark.parametrize(
    "beginning",
    [HEAD + b"X-Slow: ", HEAD + b"Content-Length: 60000\r\n\r\n{"],
    ids=["in its headers", "in its body"],
)
def test_a_request_that_comes_byte_by_byte_keeps_nobody_waiting_and_is_given_up(
    address: Address, booking: Service, beginning: bytes
) -> None:
    booking.seen.clear()
    with ExitStack() as stack:
        slow = begun(address, stack, beginning)
        for sock in slow:
            assert b"HTTP/1.1 2" not in until_closed(sock)
        assert is_answered(address)
    assert not booking.seen


def test_others_are_answered_while_many_requests_come_byte_by_byte(address: Address) -> None:
    with ExitStack() as stack:
        begun(address, stack, HEAD + b"X-Slow: ")
        assert is_answered(address)


def test_connections_on_which_nothing_comes_take_no_threads(address: Address) -> None:
    with ExitStack() as stack:
        for _ in range(60):
            connected(address, stack)
        assert is_answered(address)


def test_a_client_may_connect_long_before_its_first_request(address: Address) -> None:
    with ExitStack() as stack:
        early = connected(address, stack)
        time.sleep(CLIENT_SECONDS + 0.5)
        early.sendall(get("/health/live"))
        assert early.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_clients_that_take_no_answer_keep_nobody_waiting(
    address: Address, booking: Service
) -> None:
    booking.script = answering(LARGE)
    with ExitStack() as stack:
        for _ in range(4):
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(address)
            sock.sendall(get("/api/reservations"))
        time.sleep(0.5)
        assert is_answered(address)
    booking.script = answering()


def test_clients_that_do_not_close_after_their_last_answer_keep_nobody_waiting(
    address: Address,
) -> None:
    with ExitStack() as stack:
        for _ in range(SLOW):
            sock = connected(address, stack)
            sock.sendall(get("/health/live", extra="Connection: close\r\n"))
            assert sock.recv(65536)
        time.sleep(0.3)  # until the gateway is about to close the first
        assert is_answered(address)


def test_a_client_may_take_its_time_between_requests(address: Address) -> None:
    with ExitStack() as stack:
        kept = stack.enter_context(closing(HTTPConnection(*address, timeout=30)))
        kept.connect()
        client = kept.sock
        for _ in range(2):
            kept.request("GET", "/health/live")
            assert kept.getresponse().read()
            time.sleep(CLIENT_SECONDS + 0.5)
        assert kept.sock is client
