"""A port in use is told in one line: which one, by whom, and what to do."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.bootstrap import ROOT
from dev.console import RefusalError
from dev.ports import find_holder, free_ports, is_free, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which this very process listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def refusal(port: int, root: Path) -> str:
    with pytest.raises(RefusalError) as refused:
        require_free([port], root)
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_a_free_port_is_kept_for_a_server() -> None:
    [port] = free_ports(1)
    with socket.socket() as anybody, pytest.raises(OSError, match="in use"):
        anybody.bind(("127.0.0.1", port))
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)


def test_free_ports_are_free_and_different() -> None:
    assert free_ports(0) == []
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert all(is_free(port) for port in ports)
    require_free(ports, ROOT)


def test_a_taken_port_is_named_with_its_holder(taken: int, tmp_path: Path) -> None:
    assert not is_free(taken)
    message = refusal(taken, tmp_path)
    assert f"port {taken} is in use by another program" in message
    assert f"pid {os.getpid()}" in message
    assert "stop it" in message


def test_what_an_earlier_run_of_this_checkout_left_is_said_to_be_that(taken: int) -> None:
    message = refusal(taken, Path.cwd())
    assert "by what was started from this checkout earlier" in message


def test_a_holder_that_cannot_be_seen_is_not_made_up(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dev.ports.PROC", tmp_path)
    assert find_holder(taken) is None
    assert "a process this user cannot see" in refusal(taken, ROOT)
