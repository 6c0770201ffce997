"""What the door passes on and what it keeps, told by what arrives on the other side."""

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from gateway import views
from gateway.routes import Route, Routes
from tests.gateway.upstreams import Script, Seen, Service, answering, sending

Start = Callable[[Script], Service]
Door = Callable[..., Client]


def seen_for(service: Start, door: Door, path: str = "/api/reservations", **headers: str) -> Seen:
    """The request as the service sees it, when a client sends these headers."""
    booking = service(answering())
    response = door(booking.url).get(path, headers=headers)
    assert response.status_code == 200
    return booking.seen[0]


def test_the_gateway_is_ready_without_any_database(door: Door) -> None:
    assert door().get("/health/ready").json() == {"service": "gateway", "status": "ready"}


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api", "/api/reservationsX", "/api/reservation", "/API/reservations"]
)
def test_a_path_of_no_service_is_404(door: Door, path: str) -> None:
    response = door().get(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"] == f"There is nothing at {path}."


@pytest.mark.parametrize(
    ("path", "answered_by"),
    [
        ("/api/reservations", "booking"),
        ("/api/reservations/", "booking"),
        ("/api/reservations/7/timeline", "booking"),
        ("/api/reservations/7", "booking"),
        ("/api/reservations/archive", "archive"),
        ("/api/reservations/archive/7", "archive"),
        ("/api/reservations/archives", "booking"),
        ("/anything/else", "web"),
    ],
)
def test_the_longest_prefix_at_a_path_boundary_wins(
    service: Start, door: Door, path: str, answered_by: str
) -> None:
    client = door(
        routes={
            "/": service(answering(b'"web"')).url,
            "/api/reservations": service(answering(b'"booking"')).url,
            "/api/reservations/archive": service(answering(b'"archive"')).url,
        }
    )
    assert client.get(path).json() == answered_by


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_is_passed_on_with_its_body(service: Start, door: Door, method: str) -> None:
    booking = service(answering())
    client = door(booking.url)
    client.generic(method, "/api/reservations", b'{"seat": "12A"}', "application/json")
    assert booking.seen[0].method == method
    assert booking.seen[0].body == b'{"seat": "12A"}'
    assert booking.seen[0].headers["content-type"] == "application/json"


def test_a_post_without_a_body_says_so(service: Start, door: Door) -> None:
    booking = service(answering())
    door(booking.url).generic("POST", "/api/reservations")
    assert booking.seen[0].headers["content-length"] == "0"


def test_the_answer_comes_back_as_it_was(service: Start, door: Door) -> None:
    headers = 'ETag: "3"\r\nLocation: /api/reservations/7\r\nVary: Accept\r\nVary: Origin\r\n'
    booking = service(answering(b'{"id": 7}', status="201 Created", headers=headers))
    response = door(booking.url).post("/api/reservations")
    assert response.status_code == 201
    assert response.content == b'{"id": 7}'
    assert response["Content-Type"] == "application/json"
    assert response["ETag"] == '"3"'
    assert response["Location"] == "/api/reservations/7"
    assert response["Vary"] == "Accept, Origin"


@pytest.mark.parametrize("status", ["400 Bad Request", "405 Method Not Allowed", "409 Conflict"])
def test_a_problem_of_the_service_passes_unchanged(service: Start, door: Door, status: str) -> None:
    problem = b'{"type": "about:blank", "detail": "as the service said it"}'
    answer = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/problem+json\r\nAllow: GET\r\n"
        f"Content-Length: {len(problem)}\r\n\r\n"
    ).encode() + problem
    response = door(service(sending(answer)).url).get("/api/reservations")
    assert response.status_code == int(status[:3])
    assert response["Content-Type"] == "application/problem+json"
    assert response["Allow"] == "GET"
    assert response.content == problem


def test_a_service_asking_to_come_later_is_not_asked_again(service: Start, door: Door) -> None:
    booking = service(answering(status="503 Service Unavailable", headers="Retry-After: 2\r\n"))
    response = door(booking.url).get("/api/reservations")
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert len(booking.seen) == 1


def test_a_redirect_is_the_clients_to_follow(service: Start, door: Door) -> None:
    elsewhere = service(answering())
    booking = service(
        answering(status="302 Found", headers=f"Location: {elsewhere.url}/secret\r\n")
    )
    response = door(booking.url).get("/api/reservations")
    assert response.status_code == 302
    assert elsewhere.seen == []


def test_a_chunked_answer_arrives_whole(service: Start, door: Door) -> None:
    booking = service(
        sending(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        )
    )
    response = door(booking.url).get("/api/reservations")
    assert response.content == b"abcde"
    assert response["Content-Length"] == "5"
    assert "Transfer-Encoding" not in response.headers


def test_a_compressed_answer_stays_compressed(service: Start, door: Door) -> None:
    booking = service(answering(b"\x1f\x8bnot really", headers="Content-Encoding: gzip\r\n"))
    response = door(booking.url).get("/api/reservations", headers={"Accept-Encoding": "gzip"})
    assert response.content == b"\x1f\x8bnot really"
    assert response["Content-Encoding"] == "gzip"
    assert booking.seen[0].headers["accept-encoding"] == "gzip"


def test_the_gateway_asks_for_nothing_the_client_did_not_ask_for(
    service: Start, door: Door
) -> None:
    headers = seen_for(service, door).headers
    assert not {"accept", "accept-encoding", "user-agent", "cookie"} & headers.keys()


def test_head_has_the_headers_of_get_and_no_body(service: Start, door: Door) -> None:
    booking = service(
        sending(
            b"HTTP/1.1 200 OK\r\nContent-Length: 4321\r\nContent-Type: application/json\r\n\r\n"
        )
    )
    response = door(booking.url).head("/api/reservations")
    assert booking.seen[0].method == "HEAD"
    assert response["Content-Length"] == "4321"
    assert response.getvalue() == b""


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_announces_none(service: Start, door: Door, status: str) -> None:
    booking = service(sending(f"HTTP/1.1 {status}\r\n\r\n".encode()))
    response = door(booking.url).delete("/api/reservations/7")
    assert response.status_code == int(status[:3])
    assert "Content-Length" not in response.headers
    assert "Content-Type" not in response.headers


# --- headers towards the service


def test_the_service_is_told_its_own_host_and_where_the_request_came_from(
    service: Start, door: Door
) -> None:
    booking = service(answering())
    door(booking.url).get("/api/reservations", headers={"Host": "fly.example"})
    headers = booking.seen[0].headers
    assert f"http://{headers['host']}" == booking.url
    assert headers["x-forwarded-host"] == "fly.example"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-for"] == "127.0.0.1"


def test_a_client_cannot_tell_where_its_request_came_from(service: Start, door: Door) -> None:
    headers = seen_for(
        service,
        door,
        **{
            "X-Forwarded-For": "10.0.0.1",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Port": "1",
            "X-Real-IP": "10.0.0.1",
            "Forwarded": "for=10.0.0.1",
            "Proxy": "http://evil.example",
        },
    ).headers
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == "testserver"
    assert not {"x-forwarded-port", "x-real-ip", "forwarded", "proxy"} & headers.keys()


def test_headers_of_the_clients_own_connection_stop_here(service: Start, door: Door) -> None:
    headers = seen_for(
        service,
        door,
        **{
            "Connection": "keep-alive, X-Private ,Upgrade",
            "X-Private": "for the next hop",
            "X-Public": "for the service",
            "Keep-Alive": "timeout=5",
            "TE": "trailers",
            "Trailer": "X-Sum",
            "Upgrade": "h2c",
            "Proxy-Authorization": "Basic eDp5",
            "Proxy-Connection": "keep-alive",
        },
    ).headers
    assert headers["x-public"] == "for the service"
    stopped = {"connection", "x-private", "keep-alive", "te", "trailer", "upgrade"}
    assert not (stopped | {"proxy-authorization", "proxy-connection"}) & headers.keys()


def test_a_connection_header_cannot_take_away_what_the_gateway_says(
    service: Start, door: Door
) -> None:
    headers = seen_for(
        service, door, Connection="X-Forwarded-For, X-Request-ID, traceparent"
    ).headers
    assert {"x-forwarded-for", "x-request-id", "traceparent"} <= headers.keys()


def test_cookies_of_the_pages_cross_in_both_directions(
    service: Start, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "Set-Cookie: a=1; Path=/; HttpOnly\r\nSet-Cookie: b=2; SameSite=Lax\r\n"
    web = service(answering(headers=lines))
    client = door()
    monkeypatch.setattr(views, "routes", Routes([Route("/", "web", web.url, is_open=True)]))
    client.cookies["web_key"] = "mine"
    response = client.get("/operations")
    assert web.seen[0].headers["cookie"] == "web_key=mine"
    assert {name: morsel.value for name, morsel in response.cookies.items()} == {"a": "1", "b": "2"}
    assert response.cookies["a"]["httponly"]
    assert response.cookies["b"]["samesite"] == "Lax"


def test_cookies_cross_in_neither_direction(service: Start, door: Door) -> None:
    booking = service(answering(headers="Set-Cookie: sessionid=1\r\nSet-Cookie: csrftoken=2\r\n"))
    client = door(booking.url)
    client.cookies["sessionid"] = "mine"
    response = client.get("/api/reservations")
    assert "cookie" not in booking.seen[0].headers
    assert "Set-Cookie" not in response.headers
    assert not response.cookies


def test_headers_of_the_services_own_connection_stop_here(service: Start, door: Door) -> None:
    hop = (
        "Connection: keep-alive, X-Private\r\nX-Private: 1\r\nX-Public: 2\r\n"
        "Keep-Alive: timeout=75\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nTrailer: X-Sum\r\n"
        "Server: nobody/1.0\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    )
    response = door(service(answering(headers=hop)).url).get("/api/reservations")
    assert response["X-Public"] == "2"
    stopped = ["Connection", "X-Private", "Keep-Alive", "Proxy-Authenticate", "Upgrade", "Trailer"]
    assert not [name for name in [*stopped, "Server", "Date"] if name in response.headers]


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/html;q=0.1, application/json", "application/json"),
        ("text/html;q=0.1, */*", "application/json"),
        ("text/*", "application/json"),
        ("*/*", "*/*"),
        ("application/json", "application/json"),
        ("application/json; indent=4", "application/json; indent=4"),
        ("application/xml", "application/xml"),
    ],
)
def test_a_browser_is_answered_in_json_too(
    service: Start, door: Door, sent: str, arrives: str
) -> None:
    assert seen_for(service, door, Accept=sent).headers["accept"] == arrives


# --- request id and trace


def test_a_request_without_an_id_gets_one_and_the_client_is_told(
    service: Start, door: Door
) -> None:
    booking = service(answering(headers="X-Request-ID: of-the-service\r\n"))
    response = door(booking.url).get("/api/reservations")
    assert response["X-Request-ID"] == booking.seen[0].headers["x-request-id"]
    assert len(response["X-Request-ID"]) == 32


@pytest.mark.parametrize("given", ["a", "A.b_c-9", "x" * 64])
def test_a_fit_request_id_is_passed_on(service: Start, door: Door, given: str) -> None:
    assert seen_for(service, door, **{"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a/b", "<script>", "é", "a,b"])
def test_an_unfit_request_id_is_replaced(service: Start, door: Door, given: str) -> None:
    seen = seen_for(service, door, **{"X-Request-ID": given})
    assert len(seen.headers["x-request-id"]) == 32


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("given", [TRACE, TRACE.replace("00-", "cc-", 1) + "-what-comes-later"])
def test_a_trace_is_passed_on_with_its_state(service: Start, door: Door, given: str) -> None:
    headers = seen_for(service, door, traceparent=given, tracestate="a=1").headers
    assert headers["traceparent"] == given
    assert headers["tracestate"] == "a=1"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "nonsense",
        TRACE.upper(),
        TRACE + "-more",
        TRACE.replace("00-", "ff-", 1),
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    ],
)
def test_a_broken_trace_is_replaced_and_its_state_dropped(
    service: Start, door: Door, given: str
) -> None:
    headers = seen_for(service, door, traceparent=given, tracestate="a=1").headers
    assert headers["traceparent"] != given
    version, trace_id, span_id, flags = headers["traceparent"].split("-")
    assert (version, len(trace_id), len(span_id), flags) == ("00", 32, 16, "01")
    assert "tracestate" not in headers


# --- path and query


@pytest.mark.parametrize(
    "path",
    [
        "/api/reservations/../payments",
        "/api/reservations/..",
        "/api/reservations/./7",
        "/api/reservations/%2e%2e/payments",
        "/api/reservations/%2E%2E%2Fpayments",
        "/api/reservations/..%2f..%2fadmin",
        "/api/reservations%2f..%2fadmin",
        "/api/reservations//7",
        "/api/reservations/%2F7",
        "/api/reservations/..%5Cadmin",
        "/api/reservations/7%00",
        "/api/reservations/7%0d%0aX-Evil:%201",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(service: Start, door: Door, path: str) -> None:
    booking = service(answering())
    response = door(booking.url).generic("GET", path)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert booking.seen == []


@pytest.mark.parametrize(
    ("path", "arrives"),
    [
        ("/api/reservations/7", "/api/reservations/7"),
        ("/api/reservations/", "/api/reservations/"),
        ("/api/reservations%2F7", "/api/reservations/7"),
        ("/api/reservations/a%20b", "/api/reservations/a%20b"),
        ("/api/reservations/a%3Fb=1", "/api/reservations/a%3Fb=1"),
        ("/api/reservations/a%23b", "/api/reservations/a%23b"),
        ("/api/reservations/...", "/api/reservations/..."),
        ("/api/reservations/%252e%252e", "/api/reservations/%252e%252e"),
        ("/api/reservations/caf%C3%A9", "/api/reservations/caf%C3%A9"),
        ("/api/reservations/a;b=1,c:d@e", "/api/reservations/a;b=1,c:d@e"),
    ],
)
def test_the_path_arrives_as_it_was_understood(
    service: Start, door: Door, path: str, arrives: str
) -> None:
    booking = service(answering())
    door(booking.url).generic("GET", path)
    assert booking.seen[0].target == arrives


@pytest.mark.parametrize(
    "query", ["a=1&a=2&b=", "q=%2F..%2F&x=a+b%20c", "redirect=http://x/?y=1;z", "%C3%A9=%26"]
)
def test_the_query_arrives_byte_for_byte(service: Start, door: Door, query: str) -> None:
    booking = service(answering())
    door(booking.url).generic("GET", "/api/reservations", QUERY_STRING=query)
    assert booking.seen[0].target == f"/api/reservations?{query}"


@pytest.mark.parametrize("query", ["a=100%&b=%20x", "a=%zz%20", "a[]=1|2", 'a="<b>"^`{}'])
def test_a_query_that_is_no_uri_keeps_its_meaning(service: Start, door: Door, query: str) -> None:
    booking = service(answering())
    door(booking.url).generic("GET", "/api/reservations", QUERY_STRING=query)
    arrived = urlsplit(booking.seen[0].target).query
    assert parse_qsl(arrived) == parse_qsl(query)


# --- answers that cannot be passed on


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nX-Odd: a\x00b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 70_000 + b"\r\n\r\n",
    ],
    ids=["no http", "status", "1xx", "short", "lengths", "chunk", "cut chunk", "header", "long"],
)
def test_an_answer_that_cannot_be_passed_on_is_502(
    service: Start, door: Door, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    booking = service(sending(answer))
    response = door(booking.url, connections=1).post("/api/reservations")
    assert response.status_code == 502
    assert response["Content-Type"] == "application/problem+json"
    assert len(booking.seen) == 1
    [line] = [line for line in caplog.records if line.levelno >= logging.WARNING]
    assert (line.name, line.levelname) == ("gateway.proxy", "WARNING")
    assert booking.url in line.getMessage()


def test_an_answer_without_end_is_cut_off(
    service: Start, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.proxy.MAX_ANSWER_BYTES", 1000)
    booking = service(answering(b"x" * 1_000_000))
    client = door(booking.url, connections=1)
    assert client.get("/api/reservations").status_code == 502
    booking.script = answering(b"x" * 1000)
    assert client.get("/api/reservations").status_code == 200


def test_an_answer_cut_off_leaves_room_for_the_next_request(service: Start, door: Door) -> None:
    booking = service(sending(b"HTTP/1.1 200 OK\r\nX-Odd: a\x00b\r\nContent-Length: 0\r\n\r\n"))
    client = door(booking.url, connections=1)
    assert [client.post("/api/reservations").status_code for _ in range(3)] == [502, 502, 502]


def test_a_host_that_is_not_ours_is_refused(service: Start, door: Door, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["fly.example"]
    booking = service(answering())
    response = door(booking.url).get("/api/reservations", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert json.loads(response.content)["status"] == 400
    assert booking.seen == []
