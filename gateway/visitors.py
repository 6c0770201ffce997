"""Whom the requests of the pages are counted for.

The pages ask the gateway in their visitors' names, all from one address. So the gateway gives them
a signed note of where each visitor's own request came from, which they bring back with theirs. The
note lets nobody in: it only says whose limit is used up.
"""

from typing import Any, Final

from django.core import signing
from django.http import HttpRequest

HEADER: Final = "X-Visitor"
SALT: Final = "airline.visitor.v1"
# As long as a page may take to be drawn.
LIFETIME_SECONDS: Final = 60


def note(address: str, *, key: str) -> dict[str, str]:
    """The header with the note.

    Args:
        address: where the visitor's request came from.
        key: to sign with.
    """
    return {HEADER: signing.dumps(address, key=key, salt=SALT)}


def noted(request: HttpRequest, *, keys: list[str]) -> str | None:
    """Where the visitor is whom a request is made for; None where no note of ours says so.

    Args:
        request: the pages'.
        keys: any of which may have signed.
    """
    told = request.headers.get(HEADER, "")
    if not told:
        return None
    current, *previous = keys
    checked: dict[str, Any] = {"fallback_keys": previous, "max_age": LIFETIME_SECONDS}
    try:
        return str(signing.loads(told, key=current, salt=SALT, **checked))
    except signing.BadSignature:
        return None
