"""How the pages ask the gateway, over a real socket."""

from collections.abc import Callable, Iterator

import pytest

from tests.gateway.upstreams import Script, Service, answering
from tests.web.api import Api
from tests.web.conftest import Visitor
from web.gateway import Gateway, NoAnswer

Start = Callable[[Script], Service]


@pytest.fixture
def service() -> Iterator[Start]:
    """Starts stand-ins for the gateway."""
    started: list[Service] = []

    def start(script: Script) -> Service:
        started.append(Service(script))
        return started[-1]

    yield start
    for running in started:
        running.close()


def gateway(url: str) -> Gateway:
    return Gateway(url, connect_seconds=0.5, read_seconds=5)


def test_what_is_asked_for_is_answered(service: Start) -> None:
    stand_in = service(answering(body=b'{"a": 1}'))
    assert gateway(stand_in.url).get("/api/ops/fare", "") == b'{"a": 1}'
    (seen,) = stand_in.seen
    assert (seen.line, seen.headers["accept"]) == (
        "GET /api/ops/fare HTTP/1.1",
        "application/json",
    )


@pytest.mark.parametrize(
    ("status", "told"),
    [("401 No", "takes signing in"), ("403 No", "for operators"), ("503 No", "503")],
)
def test_a_refusal_is_told_in_words(service: Start, status: str, told: str) -> None:
    stand_in = service(answering(status=status))
    with pytest.raises(NoAnswer, match=told):
        gateway(stand_in.url).get("/api/ops/fare", "")


def test_a_gateway_that_is_not_there_is_told_in_words() -> None:
    with pytest.raises(NoAnswer, match="does not answer"):
        gateway("http://127.0.0.1:1").get("/api/ops/fare", "")


def test_what_the_visitor_has_signed_in_with_is_passed_on(service: Start) -> None:
    stand_in = service(answering())
    gateway(stand_in.url).get("/api/ops/fare", "a-key")
    assert stand_in.seen[0].headers["authorization"] == "Bearer a-key"


@pytest.mark.parametrize(
    ("status", "known"), [("200 OK", True), ("403 No", True), ("401 No", False)]
)
def test_a_key_is_known_whatever_it_may_do(service: Start, status: str, known: bool) -> None:
    stand_in = service(answering(status=status))
    assert gateway(stand_in.url).knows("a-key") is known


def test_the_gateways_note_of_the_visitor_is_brought_back(service: Start) -> None:
    stand_in = service(answering())
    asked = gateway(stand_in.url)
    asked.noted("eva's").get("/api/ops/fare", "")
    asked.get("/api/ops/fare", "")
    assert [seen.headers.get("x-visitor") for seen in stand_in.seen] == ["eva's", None]


def test_a_page_asks_with_the_note_that_came_with_its_request(api: Api, visitor: Visitor) -> None:
    visitor.get("/departures?origin=ARN&destination=LHR&date=2040-01-11", **{"X-Visitor": "eva's"})
    assert api.service.seen
    assert {seen.headers.get("x-visitor") for seen in api.service.seen} == {"eva's"}
