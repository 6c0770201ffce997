"""The gateway as it is deployed: a gunicorn process, spoken to over raw sockets."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.gateway.upstreams import (
    Script,
    Service,
    answering,
    gateway_process,
    sending,
    trickling,
)

CONNECT_MS = 300
READ_MS = 700


@pytest.fixture(scope="module")
def booking() -> Iterator[Service]:
    service = Service(answering())
    yield service
    service.close()


@pytest.fixture(scope="module")
def address(booking: Service) -> Iterator[tuple[str, int]]:
    with gateway_process(
        booking.url, UPSTREAM_CONNECT_MS=str(CONNECT_MS), UPSTREAM_READ_MS=str(READ_MS)
    ) as address:
        yield address


@pytest.fixture(autouse=True)
def fresh(booking: Service) -> None:
    """Each test sees its own requests and sets its own script."""
    booking.drop_connections()
    time.sleep(0.05)
    booking.seen.clear()
    booking.script = answering()


def ask(address: tuple[str, int], *parts: bytes) -> bytes:
    """Everything the gateway sends for these bytes until it closes, or is silent for 1 s."""
    answer = b""
    with socket.create_connection(address, timeout=1) as sock:
        for part in parts:
            sock.sendall(part)
        try:
            while data := sock.recv(65536):
                answer += data
        except (TimeoutError, ConnectionResetError):
            pass
    return answer


def get(target: str, extra: str = "Connection: close\r\n", method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{extra}\r\n".encode()


def test_a_request_crosses_and_its_answer_comes_back(
    booking: Service, address: tuple[str, int]
) -> None:
    body = b'{"passenger_id":1,"flight_number":1001,"seat_number":"12A"}'
    head = (
        "POST /api/reservations?dry=1 HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answer = ask(address, head.encode(), body)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'\r\n\r\n{"ok": true}')
    [seen] = booking.seen
    assert (seen.line, seen.body) == ("POST /api/reservations?dry=1 HTTP/1.1", body)


@pytest.mark.parametrize(
    "target",
    [
        "/api/reservations",
        "/api/departures?origin=ARN&destination=LHR&date=2040-01-11",
        "/api/departures/1001/2040-01-11/seats",
    ],
)
def test_what_is_bookings_reaches_it_with_its_query(
    booking: Service, address: tuple[str, int], target: str
) -> None:
    booking.script = answering(headers="Cache-Control: no-store\r\n")
    answer = ask(address, get(target))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nCache-Control: no-store\r\n" in answer
    assert [seen.target for seen in booking.seen] == [target]


def test_the_client_may_keep_its_connection(booking: Service, address: tuple[str, int]) -> None:
    answer = ask(address, get("/api/reservations/1", ""), get("/api/reservations/2"))
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert [seen.target for seen in booking.seen] == ["/api/reservations/1", "/api/reservations/2"]


def test_head_is_answered_without_a_body(booking: Service, address: tuple[str, int]) -> None:
    booking.script = sending(b"HTTP/1.1 200 OK\r\nContent-Length: 4321\r\n\r\n")
    head, _, body = ask(address, get("/api/reservations", method="HEAD")).partition(b"\r\n\r\n")
    assert b"Content-Length: 4321" in head
    assert body == b""
    assert booking.seen[0].method == "HEAD"


def test_headers_of_one_connection_do_not_reach_the_other(
    booking: Service, address: tuple[str, int]
) -> None:
    hop = "Keep-Alive: timeout=99\r\nConnection: X-Private\r\nX-Private: 1\r\nSet-Cookie: a=b\r\n"
    booking.script = answering(headers=hop)
    extra = "Connection: close, X-Mine\r\nX-Mine: 1\r\nCookie: a=b\r\nKeep-Alive: 3\r\n"
    answer = ask(address, get("/api/reservations", extra)).lower()
    for name in (b"timeout=99", b"x-private", b"set-cookie"):
        assert name not in answer
    assert not {"x-mine", "cookie", "keep-alive", "connection"} & booking.seen[0].headers.keys()


@pytest.mark.parametrize(
    "script",
    [
        trickling(b"", b"H"),
        trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a"),
    ],
    ids=["head", "body"],
)
def test_a_trickling_service_does_not_hold_the_client(
    booking: Service, address: tuple[str, int], script: Script
) -> None:
    booking.script = script
    start = time.monotonic()
    answer = ask(address, get("/api/reservations"))
    assert answer.startswith(b"HTTP/1.1 504 ")
    assert b"application/problem+json" in answer
    assert time.monotonic() - start < (CONNECT_MS + READ_MS) / 1000 + 1


def test_a_service_that_comes_back_is_served_at_once(
    booking: Service, address: tuple[str, int]
) -> None:
    booking.script = sending(b"")
    assert ask(address, get("/api/reservations")).startswith(b"HTTP/1.1 502 ")
    booking.script = answering()
    assert ask(address, get("/api/reservations")).startswith(b"HTTP/1.1 200 ")


def test_half_a_body_is_not_passed_on(booking: Service, address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=3) as sock:
        sock.sendall(
            b"POST /api/reservations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n{}"
        )
        sock.shutdown(socket.SHUT_WR)
        answer = sock.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert booking.seen == []


@pytest.mark.parametrize(
    ("framing", "status"),
    [
        ("Transfer-Encoding: chunked\r\n", b"411"),
        ("Content-Length: 65537\r\n", b"413"),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"400"),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", b"400"),
        ("Content-Length: +5\r\n", b"400"),
        ("Content-Length: 5\r\nTransfer-Encoding : chunked\r\n", b"400"),
    ],
    ids=["chunked", "too large", "both", "two lengths", "signed", "space"],
)
def test_a_request_hidden_in_a_refused_body_is_never_served(
    booking: Service, address: tuple[str, int], framing: str, status: bytes
) -> None:
    hidden = get("/api/reservations/hidden")
    head = f"POST /api/reservations HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n".encode()
    answer = ask(address, head, b"0\r\n\r\n" if b"411" in status else b"", hidden)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert "/api/reservations" not in [seen.target for seen in booking.seen]
    if status != b"411":  # a complete chunked body ends where it says it ends
        assert booking.seen == []


@pytest.mark.parametrize(
    "target",
    [
        "/api/reservations/..%2f..%2fadmin",
        "/api/reservations/%2e%2e/admin",
        "/api/reservations/../admin",
        "//api/reservations",
        "//evil.example/api/reservations",
        "/api/reservations//admin",
        "/admin",
        "/api-auth/login",
        "*",
        "http://evil.example/admin",
    ],
)
def test_a_crafted_path_reaches_no_service(
    booking: Service, address: tuple[str, int], target: str
) -> None:
    answer = ask(address, get(target, method="OPTIONS"))
    # What is nobody's belongs to the pages, which are not there in these tests.
    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 502"}
    assert booking.seen == []


def test_an_absolute_target_is_still_the_clients_path_at_our_service(
    booking: Service, address: tuple[str, int]
) -> None:
    answer = ask(address, get("http://evil.example/api/reservations/7"))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert booking.seen[0].target == "/api/reservations/7"
    assert f"http://{booking.seen[0].headers['host']}" == booking.url


def test_a_header_spelled_with_an_underscore_is_not_mistaken_for_ours(
    booking: Service, address: tuple[str, int]
) -> None:
    ask(address, get("/api/reservations", "X_Forwarded_For: 10.0.0.1\r\nConnection: close\r\n"))
    assert booking.seen[0].headers["x-forwarded-for"] == "127.0.0.1"
