"""Fare, asked over HTTP: it answers, refuses by name, or is not there in time."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from pytest_django import Settings
from rest_framework.exceptions import APIException

from booking import fares
from booking.fares import FareUnavailable
from contracts.quotes import CancelationQuoteRequest
from tests.booking import factories
from tests.booking.factories import NOW
from tests.booking.fare import Fare, fare_at, refuse, saying
from tests.gateway.upstreams import Exchange, Script, Service, answering, sending, silent, trickling

Pointed = Callable[[Script], Service]


@pytest.fixture
def pointed(settings: Settings) -> Iterator[Pointed]:
    """Points booking at a stand-in for fare that follows a script."""
    settings.FARE_READ_MS = 400
    opened = []

    def point(script: Script) -> Service:
        opened.append(fare_at(script, settings))
        return opened[-1].__enter__()

    yield point
    for one in opened:
        one.__exit__(None, None, None)


def asked() -> CancelationQuoteRequest:
    return CancelationQuoteRequest(
        asked_at=NOW,
        departs_at=factories.NOW.replace(year=2041),
        price=factories.fare_price(),
        passengers=factories.passengers(1),
    )


def test_fare_is_asked_with_what_it_needs_and_its_answer_is_given(pointed: Pointed) -> None:
    service = pointed(saying(Fare()))
    quote = fares.cancelation_quote(asked())
    assert (quote.settlement.refunded, quote.settlement.charged) == (1500, 11400)
    [seen] = service.seen
    assert (seen.method, seen.target) == ("POST", "/api/cancelation-quotes")
    assert msgspec.json.decode(seen.body, type=CancelationQuoteRequest) == asked()


def test_one_connection_serves_one_request_after_the_other(pointed: Pointed) -> None:
    service = pointed(saying(Fare()))
    for _ in range(3):
        fares.cancelation_quote(asked())
    assert service.connections == 1


@pytest.mark.parametrize("refusal", fares.REFUSALS.values(), ids=lambda one: one.default_code)
def test_a_refusal_is_passed_on_by_its_name(pointed: Pointed, refusal: type[APIException]) -> None:
    def script(exchange: Exchange) -> None:
        while exchange.request():
            refuse(exchange, refusal, "in words")

    pointed(script)
    with pytest.raises(refusal, match="in words"):
        fares.cancelation_quote(asked())


UNUSABLE: dict[str, Any] = {
    "it fails": answering(b'{"type": "about:blank"}', status="500 Internal Server Error"),
    "it is busy": answering(b'{"type": "about:blank"}', status="503 Service Unavailable"),
    "it forbids": answering(b'{"type": "about:blank"}', status="403 Forbidden"),
    "no JSON": answering(b"<html>"),
    "no quote": answering(b"{}"),
    "no problem": answering(b"[]", status="409 Conflict"),
    "an unknown refusal": answering(b'{"type": "urn:x"}', status="409 Conflict"),
    "elsewhere": answering(b"", status="302 Found", headers="Location: /\r\n"),
    "silence": silent,
    "it hangs up": sending(b""),
    "half an answer": sending(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
    "drops": trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "),
}


@pytest.mark.parametrize("script", UNUSABLE.values(), ids=UNUSABLE)
def test_a_fare_that_gives_no_usable_answer_in_time_is_503_and_try_again(
    pointed: Pointed, script: Script
) -> None:
    pointed(script)
    began = time.monotonic()
    with pytest.raises(FareUnavailable) as raised:
        fares.cancelation_quote(asked())
    assert (raised.value.status_code, raised.value.wait) == (503, 2)
    assert time.monotonic() - began < 2


def test_an_answer_that_does_not_end_is_not_read_to_its_end(
    pointed: Pointed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fares, "LARGEST_ANSWER_BYTES", 100)
    pointed(answering(b" " * 101))
    with pytest.raises(FareUnavailable):
        fares.cancelation_quote(asked())


def test_a_fare_that_is_down_is_503_and_try_again(settings: Settings) -> None:
    settings.FARE_URL = "http://127.0.0.1:9"
    with pytest.raises(FareUnavailable):
        fares.cancelation_quote(asked())
