"""The HTTP processor and the simulator's server, over a real socket."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from payment.processors import (
    Approved,
    Capture,
    Declined,
    OutcomeUnknown,
    Refund,
    Void,
    ask,
    processor,
)
from payment.processors.http import HttpProcessor
from payment.processors.server import Server, Webhooks
from payment.processors.simulator import Simulator
from tests.payment import factories
from tests.payment.factories import AMOUNT, CARD

KEY = "sk_test"


@contextmanager
def serving(server: HTTPServer) -> Iterator[None]:
    """The server answers until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    with server:
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return tmp_path / "books.sqlite3"


@pytest.fixture
def simulator(books: Path) -> Simulator:
    return Simulator(books, late=0.05)


@pytest.fixture
def server(simulator: Simulator) -> Iterator[Server]:
    made = Server(0, simulator, key=KEY, webhooks=Webhooks("", secret="s"))
    with serving(made):
        yield made


@pytest.fixture
def connect() -> Iterator[Callable[..., HttpProcessor]]:
    """Makes processors, and closes their connections after the test."""
    made: list[HttpProcessor] = []

    def connect(url: str, *, key: str = KEY, read: float = 5) -> HttpProcessor:
        made.append(HttpProcessor(url, key=key, connect=0.5, read=read, connections=4))
        return made[-1]

    yield connect
    for one in made:
        one.close()


Connect = Callable[..., HttpProcessor]


@pytest.fixture
def http(server: Server, connect: Connect) -> HttpProcessor:
    return connect(server.url)


def test_it_authorizes_captures_and_refunds(http: HttpProcessor, simulator: Simulator) -> None:
    approved = http.authorize(factories.authorization())
    assert isinstance(approved, Approved)
    about: dict[str, Any] = {"authorization": approved.reference, "currency": "EUR"}
    assert isinstance(http.capture(Capture(idempotency_key="r:2", amount=500, **about)), Approved)
    assert isinstance(http.refund(Refund(idempotency_key="r:3", amount=200, **about)), Approved)
    over = http.refund(Refund(idempotency_key="r:4", amount=301, **about))
    assert over == Declined(reason="amount_too_large")
    assert list(http.transactions()) == list(simulator.transactions())
    assert len(list(http.transactions())) == 4


def test_it_voids(http: HttpProcessor) -> None:
    approved = http.authorize(factories.authorization())
    assert isinstance(approved, Approved)
    void = Void(idempotency_key="r:2", authorization=approved.reference)
    assert isinstance(http.void(void), Approved)
    capture = Capture(
        idempotency_key="r:3", authorization=approved.reference, amount=1, currency="EUR"
    )
    assert http.capture(capture) == Declined(reason="amount_too_large")


def test_the_same_key_gets_the_same_answer(http: HttpProcessor) -> None:
    asked = factories.authorization("key/with:odd?signs")
    first = http.authorize(asked)
    assert http.authorize(asked) == first
    assert http.outcome(asked.idempotency_key) == first
    assert len(list(http.transactions())) == 1


def test_one_connection_serves_one_call_after_the_other(http: HttpProcessor) -> None:
    for number in range(5):
        http.authorize(factories.authorization(f"r:{number}"))
    assert http._pool.num_connections == 1


def test_a_key_that_was_never_asked_has_no_outcome(http: HttpProcessor) -> None:
    assert http.outcome("r:9") is None


@pytest.mark.parametrize(
    ("token", "first"),
    [
        ("tok_timeout_approve", "ProtocolError"),
        ("tok_late_approve", "not decided yet"),
        ("tok_3ds_timeout", "not decided yet"),
    ],
)
def test_without_a_definite_answer_the_outcome_is_unknown(
    http: HttpProcessor, token: str, first: str
) -> None:
    asked = factories.authorization(token=token)
    with pytest.raises(OutcomeUnknown, match=first):
        http.authorize(asked)
    time.sleep(0.06)
    answer = http.authorize(asked)
    assert isinstance(answer, Declined if token == "tok_3ds_timeout" else Approved)
    assert len(list(http.transactions())) == 1


def test_a_processor_that_turns_away_is_asked_again_at_once(http: HttpProcessor) -> None:
    """`tok_down` is turned away with 503 three times: the first call tries three times itself."""
    asked = factories.authorization(token="tok_down")
    with pytest.raises(OutcomeUnknown, match="503"):
        http.authorize(asked)
    assert isinstance(http.authorize(asked), Approved)


def test_another_key_than_the_processors_learns_nothing(server: Server, connect: Connect) -> None:
    stranger = connect(server.url, key="guessed")
    for call in (
        lambda: stranger.authorize(factories.authorization()),
        lambda: stranger.outcome("r:1"),
        lambda: list(stranger.transactions()),
    ):
        with pytest.raises(OutcomeUnknown, match="401"):
            call()


def test_long_books_come_in_pages(http: HttpProcessor, simulator: Simulator) -> None:
    for number in range(230):
        ask(simulator, factories.authorization(f"r:{number}"))
    assert len(list(http.transactions())) == 230


# A processor that misbehaves


class Misbehaving(BaseHTTPRequestHandler):
    """Answers every request with what the server has; counts them."""

    server: Any

    def do_POST(self) -> None:
        self.server.asked += 1
        self.wfile.write(self.server.answer)
        self.close_connection = True
        time.sleep(self.server.seconds)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def answering(answer: bytes, *, seconds: float = 0.0) -> Any:
    server: Any = HTTPServer(("127.0.0.1", 0), Misbehaving)
    server.answer, server.seconds, server.asked = answer, seconds, 0
    server.url = f"http://127.0.0.1:{server.server_port}"
    return server


def reply(status: str, body: bytes = b"{}", headers: str = "") -> bytes:
    close = "Connection: close\r\n"
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{close}{headers}\r\n"
    return head.encode() + body


ANOTHER = (
    b'{"idempotency_key":"other","kind":"AUTHORIZE","status":"approved","reference":"x",'
    b'"amount":12900,"currency":"EUR"}'
)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        reply("200 OK", b"<html>"),
        reply("200 OK", b'{"reference":"\xff"}'),
        reply("200 OK", b'{"status":"approved"}'),
        reply("200 OK", ANOTHER),
        reply("204 No Content", b""),
        reply("302 Found", headers="Location: http://127.0.0.1:1/\r\n"),
        reply("400 Bad Request"),
        reply("402 Payment Required"),
        reply("404 Not Found"),
        reply("500 Internal Server Error"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{",
    ],
)
def test_what_is_no_answer_is_an_unknown_outcome_and_sent_once(
    connect: Connect, answer: bytes
) -> None:
    server = answering(answer)
    with serving(server), pytest.raises(OutcomeUnknown):
        connect(server.url).authorize(factories.authorization())
    assert server.asked == 1


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_who_is_turned_away_tries_again_without_being_told_how_long_to_wait(
    connect: Connect, status: str
) -> None:
    server, started = answering(reply(status, headers="Retry-After: 5\r\n")), time.monotonic()
    with serving(server), pytest.raises(OutcomeUnknown, match=status[:3]):
        connect(server.url).authorize(factories.authorization())
    assert server.asked == 3
    assert time.monotonic() - started < 5


def test_a_processor_that_does_not_answer_is_not_waited_for_for_ever(connect: Connect) -> None:
    server = answering(b"", seconds=0.5)
    started = time.monotonic()
    with serving(server), pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        connect(server.url, read=0.1).authorize(factories.authorization())
    assert time.monotonic() - started < 5
    assert server.asked == 1


def test_a_processor_that_is_not_there_is_an_unknown_outcome(connect: Connect) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(OutcomeUnknown) as unknown:
            connect(url).authorize(factories.authorization())
    assert CARD not in str(unknown.value)
    assert KEY not in str(unknown.value)


def test_the_settings_describe_the_processor(server: Server) -> None:
    with override_settings(
        PROCESSOR="payment.processors.http.HttpProcessor",
        PROCESSOR_URL=server.url,
        PROCESSOR_KEY=KEY,
    ):
        made = processor()
    assert isinstance(made, HttpProcessor)
    assert isinstance(made.authorize(factories.authorization()), Approved)
    [line] = made.transactions()
    assert line.amount == AMOUNT
    made.close()
