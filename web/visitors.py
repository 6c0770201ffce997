"""What the pages know of who looks at them: how to ask in their name."""

from django.conf import settings
from django.http import HttpRequest

from web import sign_in
from web.airline import Airline
from web.gateway import VISITOR, Gateway

gateway = Gateway(
    settings.GATEWAY_URL,
    connect_seconds=settings.GATEWAY_CONNECT_MS / 1000,
    read_seconds=settings.GATEWAY_READ_MS / 1000,
)


def gateway_of(request: HttpRequest) -> Gateway:
    """The gateway, which counts what it is asked for as the visitor's."""
    return gateway.noted(request.headers.get(VISITOR, ""))


def airline_of(request: HttpRequest) -> Airline:
    """The airline, asked in the visitor's name."""
    return Airline(gateway_of(request), sign_in.key_of(request))


def standing(request: HttpRequest) -> dict[str, bool]:
    """For every page: whether the visitor has signed in."""
    return {"is_signed_in": bool(sign_in.key_of(request))}
