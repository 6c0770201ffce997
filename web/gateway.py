"""The gateway, as the pages ask it."""

from http import HTTPStatus
from typing import Final

import urllib3
from django.utils.translation import gettext as _

# One screen asks every service at once.
CONNECTIONS: Final = 32


class NoAnswer(Exception):
    """What was asked for cannot be had just now; says why, for a person."""


class NotSignedIn(NoAnswer):
    """The gateway does not know who asks."""


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

    def get(self, path: str, key: str) -> bytes:
        """What is at a path of the API.

        Args:
            path: where.
            key: the visitor's API key or token; nothing, if they have not signed in.

        Raises:
            NoAnswer: it is not to be had.
        """
        headers = {"Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            answer = self._pool.request("GET", path, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(_("The system does not answer just now.")) from error
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise NotSignedIn(_("This takes signing in."))
        if answer.status == HTTPStatus.FORBIDDEN:
            raise NoAnswer(_("This is for operators."))
        if answer.status != HTTPStatus.OK:
            told = _("It does not answer just now (%(status)d).")
            raise NoAnswer(told % {"status": answer.status})
        return bytes(answer.data)

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
