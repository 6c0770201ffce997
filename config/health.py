"""Health: `live` says that the process serves, `ready` that it can do its work."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config import problems

View = Callable[[HttpRequest], HttpResponse]


def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers at all."""
    return JsonResponse({"service": settings.SERVICE, "status": "live"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when every database of the service answers; an outage raises and becomes 503."""
    for connection in connections.all():
        if connection.vendor == "unknown":
            continue  # Django's stand-in where a service has no database
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    return JsonResponse({"service": settings.SERVICE, "status": "ready"})


def _read_only(view: View) -> View:
    """405 for anything but a read; there is no form here that could be forged."""

    @csrf_exempt
    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return problems.answer(problems.document(405), headers={"Allow": "GET, HEAD"})
        return view(request)

    return checked


urlpatterns = [
    path("health/live", _read_only(live)),
    path("health/ready", _read_only(ready)),
]
