"""Where webhooks may go."""

import socket
from typing import Any

import pytest

from notification.channels.posting import Poster
from notification.channels.targets import Target, UnfitTarget, is_public, parse, resolve
from tests.receivers import Receiver

PRIVATE = [
    "127.0.0.1",
    "10.0.0.8",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 (nothing listens)
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.8",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "::127.0.0.1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34"])
def test_a_public_address_is_not(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/hook",
        "ftp://partner.example/",
        "file:///etc/passwd",
        "https://",
        "https:///hook",
        "https://user:secret@partner.example/",
        "https://user@partner.example/",
        "https://partner.example/#part",
        "https://partner.example:99999/",
        "https://partner.example/a b",
        "https://partner.example/\r\nX-Injected: yes",
        "https://pärtner.example/",
        "partner.example",
        "",
    ],
)
def test_a_url_that_is_unfit_is_refused(url: str) -> None:
    with pytest.raises(UnfitTarget):
        parse(url, private=False)


def test_a_fit_url_is_taken_apart() -> None:
    target = parse("https://partner.example:8443/hook?key=1", private=False)
    assert target == Target("https", "partner.example", 8443, "/hook?key=1", "partner.example:8443")


def test_plain_http_is_for_where_private_targets_are_allowed() -> None:
    assert parse("http://localhost/hook", private=True).port == 80


def answering(*addresses: str) -> Any:
    """A name server that has these addresses for every name."""

    def lookup(host: str, port: int, **kwargs: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in addresses]

    return lookup


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("93.184.216.34", "10.0.0.8"))
    with pytest.raises(UnfitTarget, match=r"partner\.example is at 10\.0\.0\.8"):
        resolve(parse("https://partner.example/", private=False), private=False)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "localhost"])
def test_other_ways_to_write_an_address_are_looked_through(host: str) -> None:
    with pytest.raises(UnfitTarget):
        resolve(parse(f"https://{host}/", private=False), private=False)


def test_what_was_looked_up_is_connected_to_and_nothing_is_looked_up_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    target = parse(f"http://partner.example:{port}/hook", private=True)
    poster = Poster(connect_seconds=5, read_seconds=5, connections=1)
    looked_up: list[str] = []
    original = socket.getaddrinfo

    def lookup(host: str, *args: Any, **kwargs: Any) -> Any:
        looked_up.append(host)
        return original(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    status, _ = poster.post(target, "127.0.0.1", b"{}", {})
    poster.close()
    assert status == 204
    assert receiver.got[0].headers["host"] == f"partner.example:{port}"
    assert set(looked_up) == {"127.0.0.1"}
