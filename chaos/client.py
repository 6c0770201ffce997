"""A client of the gateway, as stubborn as a client should be, and its log."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final
from uuid import UUID

from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from chaos.evidence import HUNG_UP, NO_ANSWER, Attempt, Request

# How long clients wait for an answer. Most are patient; some hang up, and ask again under the same
# key while the first request is still being worked on.
PATIENT_SECONDS: Final = 25.0
HURRIED_SECONDS: Final = (0.3, 1.0, 3.0)
HURRY: Final = 0.15
# How often somebody who has been answered asks again all the same.
TWICE: Final = 0.2
PAUSE_SECONDS: Final = (0.2, 1.5)
LONGEST_SECONDS: Final = 75.0
LOOK_SECONDS: Final = 0.5
WAIT_SECONDS: Final = 30.0


@dataclass
class Journal:
    """What all clients have asked and were answered. Of the looks only what went wrong is kept."""

    requests: list[Request] = field(default_factory=list)
    sent: int = 0


class GivenUp(Exception):
    """What a scenario needs was not to be had: its client does something else."""


class Client:
    """One client, with its own connections, chance and log.

    Args:
        number: which.
        gateway: where it asks.
        chance: what it decides by.
        journal: where it notes what was answered.
        is_over: whether it is to come to an end.
    """

    def __init__(
        self,
        number: int,
        *,
        gateway: str,
        chance: Random,
        journal: Journal,
        is_over: Callable[[], bool],
    ) -> None:
        self.number = number
        self.chance = chance
        self.is_over = is_over
        self._gateway = gateway
        self._journal = journal
        self._http = PoolManager(retries=False)

    def ask(
        self,
        request: Request,
        path: str,
        body: Mapping[str, Any],
        *,
        method: str = "POST",
        if_match: str = "",
    ) -> Request:
        """Send a request until it has its definite answer, each time under the same key.

        Returns:
            The request with its attempts, as it was noted.
        """
        headers = {"Content-Type": "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = str(UUID(int=self.chance.getrandbits(128)))
        if if_match:
            headers["If-Match"] = if_match
        content = json.dumps(body)
        attempts = self._attempts(method, path, content, headers)
        asked = replace(request, attempts=tuple(attempts), asked=content)
        made = asked.told.get("id", "") if asked.is_done else ""
        asked = replace(asked, reservation=request.reservation or made)
        self._journal.requests.append(asked)
        return asked

    def _attempts(
        self, method: str, path: str, content: str, headers: Mapping[str, str]
    ) -> list[Attempt]:
        """Every time that a request is sent. Only what has a key may be sent again."""
        give_up = time.monotonic() + LONGEST_SECONDS
        attempts = [self._send(method, path, content, headers)]
        while not attempts[-1].is_definite and method == "POST":
            if time.monotonic() > give_up:
                return attempts
            time.sleep(self.chance.uniform(*PAUSE_SECONDS))
            attempts.append(self._send(method, path, content, headers))
        if method == "POST" and self.chance.random() < TWICE:
            attempts.append(self._send(method, path, content, headers))
        return attempts

    def look(self, request: Request, path: str) -> Attempt:
        """Send a GET, once."""
        attempt = self._send("GET", path, "", {})
        if not 0 < attempt.status < 500:
            self._journal.requests.append(replace(request, what="look", attempts=(attempt,)))
        return attempt

    def _send(self, method: str, path: str, content: str, headers: Mapping[str, str]) -> Attempt:
        hurried = method == "POST" and self.chance.random() < HURRY
        patience = self.chance.choice(HURRIED_SECONDS) if hurried else PATIENT_SECONDS
        self._journal.sent += 1
        begun = time.time()
        try:
            answer = self._http.request(
                method,
                self._gateway + path,
                body=content or None,
                headers=dict(headers),
                timeout=patience,
            )
            return Attempt(begun, time.time(), answer.status, answer.data.decode())
        except HTTPError as error:
            took = time.time() - begun
            status = HUNG_UP if hurried and took >= patience else NO_ANSWER
            return Attempt(begun, time.time(), status, f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Let go of the connections."""
        self._http.clear()
