"""Which headers cross the gateway, in which direction, and which it writes itself."""

import re
import secrets
import uuid
from collections.abc import Iterable, Mapping
from typing import Final

from django.http import HttpRequest
from django.http.request import MediaType
from urllib3.util import SKIP_HEADER

# RFC 9110, section 7.6.1, and the ones that older peers still send.
HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# The public API has no session, so no cookie crosses, but for those of the pages. The framing and
# the origin of a request are the gateway's to tell: a client's own account of them would be
# believed by the services.
# Who asks is what the gateway says, in the same header, and a client's secret stays at the door.
# "Proxy" would become HTTP_PROXY in a CGI-like environment (CVE-2016-5385).
NOT_TAKEN_FROM_CLIENTS: Final = HOP_BY_HOP | {
    "authorization",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "proxy",
    "x-real-ip",
    "x-visitor",
}
FORWARDED: Final = "x-forwarded-"
NOT_TAKEN_FROM_SERVICES: Final = HOP_BY_HOP | {
    "content-length",
    "date",
    "server",
    "set-cookie",
    "x-request-id",
}

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
# W3C Trace Context, section 3.2: version ff is invalid, and so are ids of zeros alone; versions
# after 00 may carry more after the flags.
TRACEPARENT: Final = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
    r"(?P<more>-.*)?"
)
TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
FIELD_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def request_id(given: str | None) -> str:
    """The client's own request id if it is one, or a new one."""
    return given if given and REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def for_upstream(request: HttpRequest, request_id: str, *, cookies: bool = False) -> dict[str, str]:
    """What the service is told: the client's headers, but for what is the gateway's to say; and
    the client's `cookies`, if the service has any."""
    left_out = NOT_TAKEN_FROM_CLIENTS | _named_in(request.headers.get("Connection", ""))
    if cookies:
        left_out -= {"cookie"}
    headers = {
        name: value
        for name, value in request.headers.items()
        if name.lower() not in left_out and not name.lower().startswith(FORWARDED)
    }
    _drop(headers, "X-Request-Id", "Traceparent", "Tracestate")
    # Without these urllib3 would speak for itself where the client was silent.
    headers.setdefault("Accept-Encoding", SKIP_HEADER)
    headers.setdefault("User-Agent", SKIP_HEADER)
    return {
        **headers,
        **_accept(request.headers.get("Accept")),
        **_trace(request),
        "X-Request-ID": request_id,
        "X-Forwarded-For": request.META["REMOTE_ADDR"],
        "X-Forwarded-Host": request.get_host(),
        "X-Forwarded-Proto": request.scheme or "http",
    }


def for_client(answer: Mapping[str, str]) -> dict[str, str]:
    """What the client is told: the service's headers, but for those of its own connection."""
    left_out = NOT_TAKEN_FROM_SERVICES | _named_in(
        next((value for name, value in answer.items() if name.lower() == "connection"), "")
    )
    return {name: value for name, value in answer.items() if name.lower() not in left_out}


def malformed(headers: Iterable[tuple[str, str]]) -> str | None:
    """The first header that cannot be passed on as it is, or None."""
    for name, value in headers:
        if not TOKEN.fullmatch(name) or not FIELD_VALUE.fullmatch(value):
            return name
    return None


def _named_in(connection: str) -> frozenset[str]:
    """The headers that a `Connection` header declares to be this hop's own."""
    return frozenset(name.strip().lower() for name in connection.split(",")) - {""}


def _accept(given: str | None) -> dict[str, str]:
    """JSON for whoever would get a page: the browsable API stays on the service's own port.

    A range that names HTML counts whatever its quality is: DRF prefers the more specific range,
    not the one with the higher quality.
    """
    ranges = [MediaType(part) for part in (given or "").split(",")]
    if any(range.main_type != "*" and range.match("text/html") for range in ranges):
        return {"Accept": "application/json"}
    return {}


def _trace(request: HttpRequest) -> dict[str, str]:
    """The trace that the request belongs to, or a new one; a broken one takes its state along."""
    given = request.headers.get("Traceparent", "")
    match = TRACEPARENT.fullmatch(given)
    if match is None or (match["version"] == "00" and match["more"]):
        return {"traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"}
    state = request.headers.get("Tracestate")
    return {"traceparent": given, **({"tracestate": state} if state else {})}


def _drop(headers: dict[str, str], *names: str) -> None:
    for name in names:
        headers.pop(name, None)
