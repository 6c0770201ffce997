"""How often somebody may ask: so many requests in each minute, counted in Django's cache.

The cache is this process's own, or one that several gateways share. One that cannot be reached
counts nothing and refuses nobody: it is there to keep a few from using up what all need, and not to
be one more thing without which no seat is sold.
"""

import ipaddress
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.core.cache.backends.base import BaseCache
from django.http import HttpRequest

from gateway.refusals import Refused

logger = logging.getLogger(__name__)

MINUTE: Final = 60
# Who has many addresses of version 6 has at least so many of them in one network (RFC 6177).
NETWORK_BITS: Final = 64


@dataclass(frozen=True)
class Standing:
    """How much of a limit is left.

    Args:
        limit: requests in a minute.
        left: of them, in this one.
        reset: seconds until the next begins.
    """

    limit: int
    left: int
    reset: int

    def headers(self) -> dict[str, str]:
        """For whoever asks: the three that are widely read, of the draft of the IETF's HTTPAPI
        group (draft-ietf-httpapi-ratelimit-headers, up to its sixth version)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.left),
            "RateLimit-Reset": str(self.reset),
        }


class TooMany(Refused):
    """Somebody has used up a limit."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"There may be {standing.limit} requests in a minute; come back in the next.",
            {"Retry-After": str(standing.reset), **standing.headers()},
        )


class Throttle:
    """Counts requests.

    Args:
        kind: whose; keys of the cache begin with it.
        most: in a minute, for each of them; 0 for any number.
        cache: where it is counted.
    """

    def __init__(self, kind: str, *, most: int, cache: Any) -> None:
        self._kind = kind
        self._most = most
        self._cache: BaseCache = cache

    def count(self, who: str, *, at: float) -> list[Standing]:
        """Count a request.

        Args:
            who: asks.
            at: now, in seconds since 1970.

        Returns:
            How much is left; nothing where nothing is counted.

        Raises:
            TooMany: that was one too many.
        """
        if not self._most:
            return []
        minute, gone = divmod(int(at), MINUTE)
        counted = self._counted(f"{self._kind}:{minute}:{who}")
        standing = Standing(self._most, max(0, self._most - counted), MINUTE - gone)
        if counted > self._most:
            raise TooMany(standing)
        return [standing]

    def _counted(self, key: str) -> int:
        """How many there were in this minute, with this one."""
        try:
            if self._cache.add(key, 1, 2 * MINUTE):
                return 1
            return self._cache.incr(key)
        except ValueError:
            return 1  # the cache has dropped it since
        except Exception as error:
            # Each kind of cache has its own ways to say that it cannot be reached.
            logger.error("requests are not counted: %s", error)
            return 0


def tightest(standings: Iterable[Standing]) -> dict[str, str]:
    """The headers of the limit that is used up first."""
    found = min(standings, key=lambda standing: standing.left, default=None)
    return found.headers() if found else {}


def address_of(request: HttpRequest, *, proxies: int) -> str:
    """Where a request comes from: an address, or the network of one of version 6.

    Args:
        request: the client's.
        proxies: how many proxies of ours stand before the gateway. Each adds to X-Forwarded-For
            whom it was asked by; what stands before that was written by anybody.
    """
    address = str(request.META["REMOTE_ADDR"])
    if proxies:
        passed = request.headers.get("X-Forwarded-For", "").split(",")
        address = passed[-proxies:][0].strip() or address
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, NETWORK_BITS), strict=False))
