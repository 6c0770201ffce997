"""The gateway, as the pages ask it."""

import json
from collections.abc import Mapping
from copy import copy
from http import HTTPStatus
from typing import Any, Final

import urllib3
from django.utils.translation import gettext as _

# One screen asks every service at once.
CONNECTIONS: Final = 32
# In which the gateway tells whose request this is, for it to be told so in turn.
VISITOR: Final = "X-Visitor"
TYPE_PREFIX: Final = "urn:problem-type:airline:"


class NoAnswer(Exception):
    """What was asked for cannot be had just now; says why, for a person."""


class NotSignedIn(NoAnswer):
    """The gateway does not know who asks."""


class Refused(Exception):
    """The API says no.

    Args:
        status: of HTTP.
        problem: its problem document.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("type", "")).removeprefix(TYPE_PREFIX)
        self.detail = str(problem.get("detail", ""))
        self.problem = problem
        super().__init__(self.detail or str(status))


class Gateway:
    """Asks the gateway over connections that are kept.

    Args:
        url: its address.
        connect_seconds: the longest wait for a connection.
        read_seconds: the longest wait for an answer.
    """

    def __init__(self, url: str, *, connect_seconds: float, read_seconds: float) -> None:
        timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        # A proxy that the environment names is for the world outside.
        self._pool = urllib3.connection_from_url(
            url, timeout=timeout, retries=False, maxsize=CONNECTIONS
        )
        self._note = ""

    def noted(self, note: str) -> "Gateway":
        """The same, over the same connections, for the visitor of whom the gateway gave a note."""
        other = copy(self)
        other._note = note
        return other

    def ask(
        self,
        method: str,
        path: str,
        key: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """What the API answers.

        Args:
            method: of HTTP.
            path: where, with its query.
            key: the visitor's API key or token; nothing, if they have not signed in.
            body: what is sent as JSON, if anything.
            headers: sent besides.

        Raises:
            NotSignedIn: it takes an API key or a token, or another one.
            Refused: it says no, and why.
            NoAnswer: anything else. Whether a request took effect is not known then.
        """
        answer = self._send(method, path, key, body, headers or {})
        if answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return bytes(answer.data)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise NotSignedIn(_("This takes signing in."))
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise NoAnswer(_("Too many requests have come from here; wait a minute."))
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            told = _("It does not answer just now (%(status)d).")
            raise NoAnswer(told % {"status": answer.status})
        raise Refused(answer.status, _document(answer.data))

    def get(self, path: str, key: str) -> bytes:
        """What is at a path of the API that is for operators.

        Raises:
            NoAnswer: it is not to be had.
        """
        try:
            return self.ask("GET", path, key)
        except Refused as refused:
            if refused.status == HTTPStatus.FORBIDDEN:
                raise NoAnswer(_("This is for operators.")) from refused
            raise NoAnswer(str(refused)) from refused

    def knows(self, key: str) -> bool:
        """Whether an API key or a token is accepted, whatever it may do.

        What cannot be found out just now is taken for known: the pages will tell.
        """
        try:
            self.get("/api/ops/fare", key)
        except NotSignedIn:
            return False
        except NoAnswer:
            return True
        return True

    def _send(
        self, method: str, path: str, key: str, body: object, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        sent = {"Accept": "application/json", **headers}
        if key:
            sent["Authorization"] = f"Bearer {key}"
        if self._note:
            sent[VISITOR] = self._note
        if body is not None:
            sent["Content-Type"] = "application/json"
        content = None if body is None else json.dumps(body).encode()
        try:
            return self._pool.request(method, path, body=content, headers=sent)
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(_("The system does not answer just now.")) from error


def _document(data: bytes) -> dict[str, Any]:
    """A problem document, if it is one."""
    try:
        document = json.loads(data)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
