"""The pages: ask the gateway, render."""

from functools import partial

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from web import sign_in
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
    key = sign_in.key_of(request)
    standing = overview(partial(gateway.get, key=key), now=timezone.now())
    return render(request, "web/operations.html", {"overview": standing, "is_signed_in": bool(key)})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def signing_in(request: HttpRequest) -> HttpResponse:
    """Sign in with an API key or a token that the gateway accepts."""
    form = sign_in.SignInForm(request.POST or None)
    if form.is_valid():
        key = form.cleaned_data["key"]
        if gateway.knows(key):
            response = redirect("operations")
            sign_in.keep(response, key)
            return response
        form.add_error("key", _("This key or token is not accepted here."))
    return render(request, "web/sign_in.html", {"form": form})


@require_POST
def signing_out(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    response = redirect("sign-in")
    sign_in.forget(response)
    return response
