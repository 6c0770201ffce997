"""The gateway, as the pages ask it."""

from http import HTTPStatus
from typing import Final

import urllib3
from django.utils.translation import gettext as _

# One screen asks every service at once.
CONNECTIONS: Final = 32


class NoAnswer(Exception):
    """What was asked for cannot be had just now; says why, for a person."""


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

    def get(self, path: str) -> bytes:
        """What is at a path of the API.

        Raises:
            NoAnswer: it is not to be had.
        """
        try:
            answer = self._pool.request("GET", path, headers={"Accept": "application/json"})
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(_("The system does not answer just now.")) from error
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise NoAnswer(_("This is for operators, and takes signing in as one."))
        if answer.status != HTTPStatus.OK:
            raise NoAnswer(
                _("It does not answer just now (%(status)d).") % {"status": answer.status}
            )
        return bytes(answer.data)
