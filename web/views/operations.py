"""The screen of those who run the system."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from web import sign_in, visitors
from web.operations import overview


@require_safe
@never_cache
def operations(request: HttpRequest) -> HttpResponse:
    """How the whole system stands; the page asks for itself again every few seconds."""
    ask = partial(visitors.gateway_of(request).get, key=sign_in.key_of(request))
    return render(request, "web/operations.html", {"overview": overview(ask, now=timezone.now())})
