"""HTTP as a client sends it: real sockets, cookies kept as a browser would."""

import json
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import CookieJar
from types import MappingProxyType
from typing import Any
from urllib.error import HTTPError

TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    text: str

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.text)


class Browser:
    """Sends requests and keeps cookies."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def get(self, url: str, accept: str = "application/json", **more: str) -> Answer:
        """GET, with more headers."""
        headers = {"Accept": accept, **more}
        return self._send(urllib.request.Request(url, headers=headers))  # noqa: S310

    def page(self, url: str) -> Answer:
        """GET, asking for HTML."""
        return self.get(url, accept="text/html")

    def post_json(self, url: str, body: Any, **more: str) -> Answer:
        """POST of a JSON document, with more headers: `if_match="*"`."""
        named = {name.replace("_", "-"): value for name, value in more.items()}
        headers = {"Content-Type": "application/json", **named}
        return self._send(
            urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
        )

    def post_form(self, url: str, page: Answer, **fields: str) -> Answer:
        """POST of an HTML form with the CSRF token that stands in its page."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        if token:
            fields["csrfmiddlewaretoken"] = token[1]
        headers = {"Referer": url, "Accept": "text/html"}
        body = urllib.parse.urlencode(fields).encode()
        return self._send(urllib.request.Request(url, body, headers))  # noqa: S310

    def _send(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return Answer(response.status, response.headers, response.read().decode())
        except HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read().decode())


def reserve(gateway: str, **changes: Any) -> Answer:
    """The request of the README."""
    body = {"passenger_id": 1, "flight_number": 1001, "seat_number": "12A", **changes}
    return Browser().post_json(f"{gateway}/api/reservations", body)


def wait_for_status(
    gateway: str,
    reservation_id: str,
    status: str,
    seconds: float = 40,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    """The reservation, once it has the status; fails when it does not come to it in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = Browser().get(f"{gateway}/api/reservations/{reservation_id}", **headers)
        if answer.status == 200 and answer.json["status"] == status:
            return answer.json
        assert time.monotonic() < deadline, f"not {status} after {seconds} s: {answer.text}"
        time.sleep(0.05)
