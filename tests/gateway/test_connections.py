"""What happens when a service refuses, is slow, or breaks off: on real sockets, with a clock."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import Client

from config import gunicorn
from gateway import connections, proxy
from tests.gateway.conftest import CONNECT_SECONDS, READ_SECONDS
from tests.gateway.upstreams import (
    Exchange,
    Script,
    Service,
    answering,
    silent,
    trickling,
)

Start = Callable[[Script], Service]
Door = Callable[..., Client]

# Time for the machine itself, on top of what the settings allow.
SLACK = 0.7


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was logged as worth somebody's attention, by whatever logger."""
    return lambda: [line.getMessage() for line in caplog.records if line.levelno >= logging.WARNING]


@pytest.fixture
def in_time() -> Iterator[None]:
    """Fails a test whose request took longer than the time-outs allow."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < CONNECT_SECONDS + READ_SECONDS + SLACK


def port_nobody_listens_on() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_service_that_is_down_is_502(
    door: Door, warnings: Callable[[], list[str]], method: str
) -> None:
    upstream = f"http://127.0.0.1:{port_nobody_listens_on()}"
    response = door(upstream).generic(method, "/api/reservations/7")
    assert response.status_code == 502
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == "The service cannot be reached."
    assert response["X-Request-ID"]
    [line] = warnings()
    assert line.startswith(f"answered 502: {method} /api/reservations/7 from {upstream}: ")
    assert "refused" in line


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_service_that_was_just_starting_gets_the_request_once(
    service: Start, door: Door, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """Nothing had reached it, so that even a POST is sent again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    started: list[Service] = []
    monkeypatch.setattr(
        proxy, "sleep", lambda seconds: started.append(Service(answering(), port=port))
    )
    client = door(f"http://127.0.0.1:{port}")
    assert client.generic(method, "/api/reservations").status_code == 200
    [booking] = started
    booking.close()
    assert [seen.method for seen in booking.seen] == [method]


def test_a_service_whose_name_is_unknown_is_502(
    door: Door, warnings: Callable[[], list[str]]
) -> None:
    response = door("http://booking.invalid:4001").get("/api/reservations")
    assert response.status_code == 502
    assert len(warnings()) == 1


@pytest.mark.usefixtures("in_time")
def test_a_service_that_lets_nobody_in_is_504(
    door: Door, warnings: Callable[[], list[str]]
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:  # fills the backlog, so that the next one is left at the door
            sock.setblocking(False)
            sock.connect_ex(address)
        response = door(f"http://127.0.0.1:{address[1]}").post("/api/reservations")
        for sock in waiting:
            sock.close()
    assert response.status_code == 504
    assert response.json()["detail"] == "The service cannot be reached."
    assert len(warnings()) == 1


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_service_that_never_answers_is_504_and_is_not_asked_again(
    service: Start, door: Door, warnings: Callable[[], list[str]], method: str
) -> None:
    booking = service(silent)
    response = door(booking.url).generic(method, "/api/reservations")
    assert response.status_code == 504
    assert len(booking.seen) == 1
    assert len(warnings()) == 1


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize(
    "script",
    [
        trickling(b"", b"H"),
        trickling(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        trickling(b"HTTP/1.1 200 OK\r\n", b"X-Slow: a\r\n"),
        trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"a"),
        trickling(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        trickling(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b";x"),
        trickling(b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
        trickling(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "header", "headers", "body", "chunks", "chunk size", "until closed", "continue"],
)
def test_a_service_that_trickles_is_504_when_the_time_for_the_whole_answer_is_up(
    service: Start, door: Door, warnings: Callable[[], list[str]], script: Script
) -> None:
    booking = service(script)
    response = door(booking.url).get("/api/reservations")
    assert response.status_code == 504
    assert len(booking.seen) == 1
    assert len(warnings()) == 1


@pytest.mark.usefixtures("in_time")
def test_a_service_that_falls_silent_in_the_middle_gets_no_time_on_top(
    service: Start, door: Door
) -> None:
    def falls_silent(exchange: Exchange) -> None:
        exchange.request()
        time.sleep(0.9)
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na")
        exchange.sock.recv(1)

    client = door(service(falls_silent).url, read_seconds=1.0)
    assert client.get("/api/reservations").status_code == 504


def test_an_answer_that_is_slow_but_in_time_arrives(service: Start, door: Door) -> None:
    def slowly(exchange: Exchange) -> None:
        exchange.request()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        for byte in b"slow":
            time.sleep(0.1)
            exchange.send(bytes([byte]))

    assert door(service(slowly).url).get("/api/reservations").content == b"slow"


@pytest.mark.usefixtures("in_time")
def test_when_all_connections_are_in_use_the_next_request_waits_then_gets_503(
    service: Start, door: Door, warnings: Callable[[], list[str]]
) -> None:
    release = threading.Event()

    def held(exchange: Exchange) -> None:
        while exchange.request():
            release.wait(5)
            exchange.answer()

    booking = service(held)
    client = door(booking.url, connections=1, read_seconds=5)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(client.get, "/api/reservations")
        while not booking.seen:
            time.sleep(0.01)
        refused = Client().post("/api/reservations")
        release.set()
        assert first.result().status_code == 200
    assert refused.status_code == 503
    assert refused["Retry-After"] == "2"
    assert [request.method for request in booking.seen] == ["GET"]
    assert len(warnings()) == 1
    assert Client().post("/api/reservations").status_code == 200


def test_a_request_that_finds_no_connection_free_gets_the_first_that_is(
    service: Start, door: Door
) -> None:
    def briefly(exchange: Exchange) -> None:
        while exchange.request():
            time.sleep(0.02)
            exchange.answer()

    booking = service(briefly)
    door(booking.url, connections=2)
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: Client().get("/api/reservations"), range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert booking.connections <= 2


def test_one_busy_service_does_not_hold_up_another(service: Start, door: Door) -> None:
    client = door(
        routes={"/slow": service(silent).url, "/quick": service(answering()).url},
        connections=1,
    )
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(client.get, "/slow")
        assert Client().get("/quick").status_code == 200
        assert not slow.done()
        assert slow.result().status_code == 504


def test_requests_share_a_connection_that_is_kept_alive(service: Start, door: Door) -> None:
    booking = service(answering())
    client = door(booking.url)
    for method in ("GET", "POST", "HEAD", "DELETE"):
        assert client.generic(method, "/api/reservations").status_code == 200
    assert len(booking.seen) == 4
    assert booking.connections == 1


def test_a_connection_the_service_has_closed_is_replaced_before_a_post_goes_out(
    service: Start, door: Door
) -> None:
    def one_each(exchange: Exchange) -> None:
        exchange.request()
        exchange.answer()

    booking = service(one_each)
    client = door(booking.url, connections=1)
    for _ in range(3):
        assert client.post("/api/reservations").status_code == 200
        time.sleep(0.05)  # the service's closing arrives
    assert [request.method for request in booking.seen] == ["POST"] * 3
    assert booking.connections == 3


def lost_at_the_second_request(exchange: Exchange) -> None:
    """Answers the first request of the first connection and drops the second unanswered."""
    if exchange.number > 1:
        answering()(exchange)
    exchange.request()
    exchange.answer()
    exchange.request()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_with_effects_is_never_sent_twice(
    service: Start, door: Door, warnings: Callable[[], list[str]], method: str
) -> None:
    booking = service(lost_at_the_second_request)
    client = door(booking.url)
    assert client.get("/api/reservations").status_code == 200
    response = client.generic(method, "/api/reservations", b"{}", "application/json")
    assert response.status_code == 502
    assert "not known" in response.json()["detail"]
    assert [request.method for request in booking.seen] == ["GET", method]
    assert len(warnings()) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_request_without_effects_is_sent_again_when_the_connection_is_lost(
    service: Start, door: Door, method: str
) -> None:
    booking = service(lost_at_the_second_request)
    client = door(booking.url)
    for _ in range(2):
        assert client.generic(method, "/api/reservations").status_code == 200
    assert [request.method for request in booking.seen] == [method] * 3


def test_a_request_without_effects_is_sent_again_only_once(
    service: Start, door: Door, warnings: Callable[[], list[str]]
) -> None:
    def hangs_up(exchange: Exchange) -> None:
        exchange.request()

    booking = service(hangs_up)
    assert door(booking.url).get("/api/reservations").status_code == 502
    assert len(booking.seen) == 2
    assert len(warnings()) == 1


def test_asking_again_takes_no_longer_than_asking_once_may(service: Start, door: Door) -> None:
    def late_to_hang_up(exchange: Exchange) -> None:
        exchange.request()
        if exchange.number == 1:
            time.sleep(1.4)
        else:
            silent(exchange)

    booking = service(late_to_hang_up)
    start = time.monotonic()
    assert door(booking.url, read_seconds=1.5).get("/api/reservations").status_code == 504
    assert time.monotonic() - start < CONNECT_SECONDS + 1.5 + SLACK
    assert len(booking.seen) == 2


def test_a_connection_whose_answer_was_not_read_is_not_used_again(
    service: Start, door: Door
) -> None:
    def unfit_at_first(exchange: Exchange) -> None:
        if exchange.number > 1:
            answering()(exchange)
        exchange.request()
        exchange.send(b"HTTP/1.1 200 OK\r\nX-Odd: a\x00b\r\nContent-Length: 10\r\n\r\n")
        exchange.request()

    booking = service(unfit_at_first)
    client = door(booking.url, connections=1)
    assert client.post("/api/reservations").status_code == 502
    assert client.post("/api/reservations").status_code == 200
    assert booking.connections == 2


def test_an_idle_connection_is_given_up_before_the_service_does(
    service: Start, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gunicorn.keepalive > connections.IDLE_SECONDS + 10
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.1)
    booking = service(answering())
    client = door(booking.url)
    client.post("/api/reservations")
    client.post("/api/reservations")
    assert booking.connections == 1
    time.sleep(0.15)
    client.post("/api/reservations")
    assert booking.connections == 2
