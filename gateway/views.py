"""The gateway's views."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from config import problems
from gateway.proxy import Proxy

proxy = Proxy(
    settings.ROUTES,
    connect_seconds=settings.UPSTREAM_CONNECT_MS / 1000,
    read_seconds=settings.UPSTREAM_READ_MS / 1000,
    connections=settings.UPSTREAM_CONNECTIONS,
)


def index(request: HttpRequest) -> HttpResponseBase:
    """What is behind the door."""
    if request.method not in {"GET", "HEAD"}:
        return problems.answer(problems.document(405), headers={"Allow": "GET, HEAD"})
    return JsonResponse(
        {"service": settings.SERVICE, "health": "/health/ready", "routes": sorted(proxy.prefixes)}
    )


def forward(request: HttpRequest) -> HttpResponseBase:
    """The answer of the service that the request's path belongs to."""
    return proxy.forward(request)
