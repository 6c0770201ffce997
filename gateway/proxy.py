"""The proxy: asks a service, and hands its answer back.

It holds no business rule. It never hangs: a request waits at most UPSTREAM_CONNECT_MS for a free
connection, as long again for a new one, and UPSTREAM_READ_MS for the whole answer. Whatever goes
wrong on the way is one exception, which is both the log line and the problem document.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic, sleep
from typing import Final
from urllib.parse import quote

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
    UnreadablePostError,
)
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)

from config import problems
from gateway import headers
from gateway.connections import Pools

logger = logging.getLogger(__name__)

# A page of reservations is some kilobytes: a larger answer is a mistake of the service's, and must
# not take the gateway's memory with it.
MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
READ_BYTES: Final = 64 * 1024
# How long a service that refuses connections is given before it is asked again.
REFUSED_SECONDS: Final = 0.1
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})

# RFC 3986, section 3.3: what a path may hold without being escaped.
PATH_CHARACTERS: Final = "/!$&'()*+,;=:@-._~"
STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")

BUSY: Final = "Too many requests are under way; try again shortly."
UNREACHABLE: Final = "The service cannot be reached."
LATE: Final = "The service did not answer in time; whether the request took effect is not known."
LOST: Final = "The service closed the connection; whether the request took effect is not known."
UNREADABLE: Final = "The service's answer could not be read."


class UpstreamError(Exception):
    """No usable answer came from a service.

    Args:
        upstream: the address of the service.
        status: what the client is answered: 502, 503 or 504.
        detail: what the client is told.
        reason: what the log is told besides.
    """

    def __init__(self, upstream: str, status: HTTPStatus, detail: str, reason: object) -> None:
        super().__init__(f"{status} from {upstream}: {reason}")
        self.upstream = upstream
        self.status = status
        self.detail = detail
        self.reason = reason


class NeverReachedError(UpstreamError):
    """No connection was made: the service knows nothing of the request."""


class ConnectionLostError(UpstreamError):
    """The service took the request and closed the connection without an answer."""


@dataclass(frozen=True)
class Call:
    """A request as the service is to get it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    cookies: bool = False


@dataclass(frozen=True)
class Answer:
    """A service's answer, complete."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()


class Proxy:
    """Passes requests on to the services.

    Args:
        services: how many there are.
        connect_seconds: the longest wait for a free connection, and for a new one to be made.
        read_seconds: the longest wait for a whole answer.
        connections: how many connections each service gets at most; more requests wait.
    """

    def __init__(
        self,
        *,
        services: int,
        connect_seconds: float,
        read_seconds: float,
        connections: int,
    ) -> None:
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._pools = Pools(services=services, connections=connections)

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._pools.clear()

    def forward(
        self,
        request: HttpRequest,
        upstream: str,
        vouched: Mapping[str, str],
        request_id: str,
        *,
        cookies: bool = False,
    ) -> HttpResponseBase:
        """The service's answer, or a problem document saying why there is none.

        Args:
            request: the client's.
            upstream: the address of the service.
            vouched: the headers by which the service knows who asks.
            request_id: what the request is called in logs.
            cookies: whether they cross.
        """
        if not _is_whole(request):
            return problems.answer(problems.document(400, "The body is shorter than announced."))
        call = Call(
            method=request.method or "GET",
            target=_target(request),
            headers={**headers.for_upstream(request, request_id, cookies=cookies), **vouched},
            body=request.body,
            cookies=cookies,
        )
        return self._respond(call, upstream)

    def _respond(self, call: Call, upstream: str) -> HttpResponseBase:
        try:
            return _response(call, self._answer(upstream, call))
        except UpstreamError as failure:
            logger.warning(
                "answered %d: %s %s from %s: %s",
                failure.status,
                call.method,
                call.target.partition("?")[0],
                failure.upstream,
                failure.reason,
            )
            retry_after = {"Retry-After": str(problems.RETRY_AFTER_SECONDS)}
            return problems.answer(
                problems.document(failure.status, failure.detail),
                headers=retry_after if failure.status == HTTPStatus.SERVICE_UNAVAILABLE else None,
            )

    def _answer(self, upstream: str, call: Call) -> Answer:
        """The service's answer, asked for a second time where that can do no harm.

        A connection that broke after the request went out tells nothing about what the service
        did with it. Only a request without effects is repeated: a second POST could book twice.
        One that was refused has carried nothing, and a service that starts anew is back soon.
        """
        deadline = monotonic() + self._connect_seconds + self._read_seconds
        try:
            return self._ask(upstream, call, deadline)
        except ConnectionLostError:
            if call.method not in SAFE_METHODS or monotonic() >= deadline:
                raise
        except NeverReachedError:
            sleep(REFUSED_SECONDS)
        return self._ask(upstream, call, deadline)

    def _ask(self, upstream: str, call: Call, deadline: float) -> Answer:
        timeout = Timeout(
            total=max(deadline - monotonic(), 0.001),
            connect=self._connect_seconds,
            read=self._read_seconds,
        )
        response: BaseHTTPResponse | None = None
        try:
            response = self._pools.connection_from_url(upstream).urlopen(
                call.method,
                call.target,
                body=call.body or None,
                headers=call.headers,
                # urllib3's own retries would repeat a POST after an error of a kind it does not
                # know, and sleep on a service's Retry-After.
                retries=False,
                redirect=False,
                timeout=timeout,
                pool_timeout=self._connect_seconds,  # type: ignore[arg-type]
                preload_content=False,
                decode_content=False,
            )
            return _read(upstream, response)
        except HTTPError as error:
            raise _failure(upstream, error, answered=response is not None) from error
        finally:
            if response is not None:
                # An answer read to its end has gone back to the pool already: this is for the
                # others, whose connection is of no more use but whose place in the pool is.
                response.close()
                response.release_conn()


def _is_whole(request: HttpRequest) -> bool:
    """Whether the body is all there: a client that left in the middle asked for nothing."""
    try:
        return len(request.body) == int(request.META.get("CONTENT_LENGTH") or 0)
    except UnreadablePostError:
        return False


def _target(request: HttpRequest) -> str:
    """The path and the query as the service is to get them.

    The query keeps its bytes but for a `%` that escapes nothing, which is escaped: urllib3 would
    otherwise escape every `%` in it a second time.
    """
    path = quote(request.path_info, safe=PATH_CHARACTERS)
    query = STRAY_PERCENT.sub("%25", request.META.get("QUERY_STRING", ""))
    return f"{path}?{query}" if query else path


def _read(upstream: str, response: BaseHTTPResponse) -> Answer:
    """The whole answer, so that one that breaks off is a failure and not half a document."""
    answer_headers = dict(response.headers.itermerged())
    if not 200 <= response.status <= 599:
        raise _unreadable(upstream, f"its status is {response.status}")
    if (name := headers.malformed(answer_headers.items())) is not None:
        raise _unreadable(upstream, f"its header {name!r} is malformed")
    body = bytearray()
    while chunk := response.read(READ_BYTES):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise _unreadable(upstream, f"it is larger than {MAX_ANSWER_BYTES} bytes")
    cookies = tuple(response.headers.getlist("Set-Cookie"))
    return Answer(response.status, answer_headers, bytes(body), cookies)


def _unreadable(upstream: str, reason: str) -> UpstreamError:
    return UpstreamError(upstream, HTTPStatus.BAD_GATEWAY, UNREADABLE, reason)


def _failure(upstream: str, error: HTTPError, *, answered: bool) -> UpstreamError:
    """What an error of urllib3's means here."""
    if isinstance(error, EmptyPoolError):
        return UpstreamError(
            upstream, HTTPStatus.SERVICE_UNAVAILABLE, BUSY, "no connection is free"
        )
    # urllib3 counts a refused connection among the time-outs, so it is looked for first.
    if isinstance(error, NewConnectionError):
        return NeverReachedError(upstream, HTTPStatus.BAD_GATEWAY, UNREACHABLE, error)
    if isinstance(error, ConnectTimeoutError):
        return UpstreamError(upstream, HTTPStatus.GATEWAY_TIMEOUT, UNREACHABLE, error)
    if isinstance(error, ReadTimeoutError) or isinstance(_cause(error), TimeoutError):
        return UpstreamError(upstream, HTTPStatus.GATEWAY_TIMEOUT, LATE, error)
    if isinstance(_cause(error), ConnectionError) and not answered:
        return ConnectionLostError(upstream, HTTPStatus.BAD_GATEWAY, LOST, error)
    return UpstreamError(upstream, HTTPStatus.BAD_GATEWAY, UNREADABLE, error)


def _cause(error: HTTPError) -> object:
    """What urllib3 wrapped in a ProtocolError: the last of its arguments."""
    return error.args[-1] if error.args else None


def _response(call: Call, answer: Answer) -> HttpResponseBase:
    """The answer as Django's response."""
    passed = headers.for_client(answer.headers)
    if call.method == "HEAD" or answer.status in {204, 304}:
        # Streaming, so that no middleware announces the length of the body that is not there.
        response: HttpResponseBase = StreamingHttpResponse((), status=answer.status)
        length = answer.headers.get("Content-Length", "")
        if length.isascii() and length.isdigit():
            passed["Content-Length"] = length
    else:
        response = HttpResponse(answer.body, status=answer.status)
    del response.headers["Content-Type"]
    for name, value in passed.items():
        response.headers[name] = value
    for cookie in answer.cookies if call.cookies else ():
        response.cookies.load(cookie)
    return response
