"""The pages: ask the gateway, render."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from web.gateway import Gateway
from web.operations import overview

gateway = Gateway(
    settings.GATEWAY_URL,
    connect_seconds=settings.GATEWAY_CONNECT_MS / 1000,
    read_seconds=settings.GATEWAY_READ_MS / 1000,
)


@require_safe
@never_cache
def operations(request: HttpRequest) -> HttpResponse:
    """How the whole system stands; the page asks for itself again every few seconds."""
    standing = overview(gateway.get, now=timezone.now())
    return render(request, "web/operations.html", {"overview": standing})
