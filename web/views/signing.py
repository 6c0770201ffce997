"""Signing in and out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from web import sign_in, visitors


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def signing_in(request: HttpRequest) -> HttpResponse:
    """Sign in with an API key or a token that the gateway accepts, and go on where one was."""
    form = sign_in.SignInForm(request.POST or None)
    if form.is_valid():
        key = form.cleaned_data["key"]
        if visitors.gateway_of(request).knows(key):
            response = redirect(_going_on(request))
            sign_in.keep(response, key)
            return response
        form.add_error("key", _("This key or token is not accepted here."))
    return render(request, "web/sign_in.html", {"form": form, "next": _going_on(request)})


@require_POST
def signing_out(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    response = redirect("sign-in")
    sign_in.forget(response)
    return response


def _going_on(request: HttpRequest) -> str:
    """A page of ours, and nowhere else: a link must not lead elsewhere by way of us."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else "/"
