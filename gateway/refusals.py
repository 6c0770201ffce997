"""What the gateway refuses itself, before any service is asked."""

from collections.abc import Mapping

from django.http import HttpResponse

from config import problems


class Refused(Exception):
    """A request that is not passed on.

    Args:
        status: what the client is answered.
        detail: what the client is told.
        headers: what goes with it.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    def answer(self) -> HttpResponse:
        """The problem document."""
        return problems.answer(problems.document(self.status, self.detail), headers=self.headers)


class NotSignedIn(Refused):
    """Nobody has said who asks, or not so that it can be believed (RFC 6750, section 3)."""

    def __init__(self, detail: str, error: str = "") -> None:
        challenge = 'Bearer realm="airline"' + (f', error="{error}"' if error else "")
        super().__init__(401, detail, {"WWW-Authenticate": challenge})
