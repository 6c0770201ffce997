"""The proxy that fault runs put in front of the servers."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from dev.proxy import Proxy

WAIT_SECONDS = 5


def echo(listener: socket.socket) -> None:
    """Send back whatever comes, to one client after the other."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, contextlib.suppress(OSError):
            while data := client.recv(65_536):
                client.sendall(data)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy in front of a server that sends everything back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=echo, args=(listener,))
        server.start()
        proxy = Proxy(listener.getsockname()[1])
        yield proxy
        proxy.close()
        listener.shutdown(socket.SHUT_RDWR)
    server.join(WAIT_SECONDS)


@contextlib.contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), WAIT_SECONDS) as client:
        yield client


def seconds_to_echo(client: socket.socket, data: bytes = b"hello") -> float:
    begun = time.monotonic()
    client.sendall(data)
    received = b""
    while len(received) < len(data):
        piece = client.recv(65_536)
        assert piece
        received += piece
    assert received == data
    return time.monotonic() - begun


def is_cut(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def is_refused(proxy: Proxy) -> bool:
    try:
        with connected(proxy) as client:
            return is_cut(client)
    except ConnectionError:  # reset before the handshake was over for this side
        return True


def test_data_passes_both_ways(proxy: Proxy) -> None:
    with connected(proxy) as client:
        seconds_to_echo(client, b"x" * 300_000)


def test_a_cut_ends_connections_and_new_ones_can_be_made(proxy: Proxy) -> None:
    with connected(proxy) as client:
        seconds_to_echo(client)
        assert proxy.cut() == 2
        assert is_cut(client)
    with connected(proxy) as client:
        seconds_to_echo(client)


def test_while_it_refuses_nobody_gets_through(proxy: Proxy) -> None:
    with connected(proxy) as before:
        seconds_to_echo(before)
        with proxy.refusing():
            assert is_cut(before)
            assert is_refused(proxy)
    with connected(proxy) as client:
        seconds_to_echo(client)


def test_every_piece_is_delayed_in_each_direction(proxy: Proxy) -> None:
    with connected(proxy) as client:
        seconds_to_echo(client)
        with proxy.slow(delay=0.05):
            assert seconds_to_echo(client) >= 0.1


def test_no_more_passes_than_the_throttle_allows(proxy: Proxy) -> None:
    with connected(proxy) as client:
        seconds_to_echo(client)
        with proxy.slow(bytes_per_second=100_000):
            assert seconds_to_echo(client, b"x" * 10_000) >= 0.2


def test_what_was_frozen_passes_afterwards(proxy: Proxy) -> None:
    with connected(proxy) as client:
        seconds_to_echo(client)
        with proxy.frozen():
            client.sendall(b"later")
            client.settimeout(0.1)
            with pytest.raises(TimeoutError):
                client.recv(5)
        client.settimeout(WAIT_SECONDS)
        assert client.recv(5) == b"later"


def test_a_server_that_is_away_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    proxy = Proxy(port)
    assert is_refused(proxy)
    proxy.close()
