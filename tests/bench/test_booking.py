"""`make bench-booking` runs to its end, on small numbers; what it measured is not judged."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.booking.clients import Round, encoded
from bench.booking.recording import Recording
from tests.bench.quick import names, quick_results

KEY = "01a20789-c9a1-7626-b382-e6ed707d463b"
RECORDED = Recording(
    statements=[
        ("SELECT", [4711, "12A", "FREE"]),
        ("INSERT", [KEY, f'{{"id": "{KEY}", "seat": "12A"}}', 1, None]),
        ("UPDATE", [KEY]),
    ],
    body=f'{{"id": "{KEY}", "record_locator": "2BMNWS"}}',
    asked={"departure": 4711, "seat": "12A"},
)


@pytest.mark.slow
@pytest.mark.mariadb
def test_every_row_of_the_table_is_measured(tmp_path: Path) -> None:
    results = quick_results("booking", tmp_path)
    assert "innodb_flush_log_at_trx_commit" in results["settings"]
    found = names(results)
    assert [name for name in found if name.endswith("p99")] == [
        "seat map at 50/s, p99",
        "search at 50/s, p99",
    ]
    assert len(found) == 10


def test_a_replay_asks_for_what_it_is_told_and_has_keys_of_its_own() -> None:
    replay = RECORDED.replay({"departure": 4712, "seat": "1F"})
    (_, select), (_, insert), (_, update) = replay.statements()
    assert select == [4712, "1F", "FREE"]
    (key,) = update
    assert key != KEY
    assert insert == [key, f'{{"id": "{key}", "seat": "1F"}}', 1, None]
    assert json.loads(replay.body())["id"] == key
    assert json.loads(replay.body())["record_locator"] != "2BMNWS"


@pytest.fixture
def port() -> Iterator[int]:
    """A server that answers every request with 201, in two pieces."""

    def serve(connection: socket.socket) -> None:
        with connection:
            while connection.recv(4096):
                connection.sendall(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{")
                connection.sendall(b"}")

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=[connection], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_every_request_is_answered_whatever_the_number_of_clients(port: int) -> None:
    requests = [encoded("POST", "/", {"number": number}) for number in range(50)]
    answer = Round(port, 8, requests, 0).run()
    assert answer["statuses"] == {201: 50}
    assert len(answer["seconds"]) == 50
    assert all(second > 0 for second in answer["seconds"])


def test_a_steady_rate_is_kept(port: int) -> None:
    answer = Round(port, 2, [encoded("GET", "/")] * 20, 100).run()
    assert 0.19 <= answer["ended"] - answer["started"] < 5
