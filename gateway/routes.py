"""Which service answers for which path."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.http import Http404

from gateway.refusals import Refused

UNFIT_SEGMENT: Final = re.compile(r"(?:^|/)\.{1,2}(?:/|$)|//|[\x00-\x1f\x7f\\]")


@dataclass(frozen=True)
class Route:
    """A path prefix and the service that answers for it.

    Args:
        prefix: at a path's beginning, up to a `/`.
        service: its name.
        url: its address.
        is_signed: whether who asks signs each request, which the service checks by itself, so that
            nobody has to sign in here.
        is_open: whether anybody may ask, vouched for by nobody: the service knows its visitors by
            cookies.
    """

    prefix: str
    service: str
    url: str
    is_signed: bool = False
    is_open: bool = False


class Routes:
    """The table of routes; the longest matching prefix wins."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(routes, key=lambda route: len(route.prefix), reverse=True)

    def find(self, path: str) -> Route:
        """The route of a decoded path.

        Raises:
            Refused: it is no path that we would send: an escaped slash or dot cannot mean one
                thing here and another behind the door.
            Http404: the path belongs to no service.
        """
        if UNFIT_SEGMENT.search(path):
            raise Refused(400, "The path has empty, relative or unprintable segments.")
        for route in self._routes:
            if path == route.prefix or path.startswith(route.prefix.rstrip("/") + "/"):
                return route
        raise Http404
