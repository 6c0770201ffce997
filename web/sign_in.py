"""Who a visitor is: the API key or token that they have signed in with, kept by their browser.

It is encrypted, so that a cookie that is logged or copied shows no secret that opens the API. The
pages have no rights of their own: they pass it on to the gateway.
"""

import hashlib
from base64 import urlsafe_b64encode
from functools import cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

COOKIE: Final = "web_key"
# A working day; then one signs in anew.
LIFETIME_SECONDS: Final = 12 * 60 * 60
# What may stand in a header, without a space.
PRINTABLE: Final = r"\A[!-~]+\Z"


class SignInForm(forms.Form):
    """An API key or a token."""

    key = forms.RegexField(
        PRINTABLE,
        max_length=3000,
        label=_("API key or token"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"invalid": _("A key or token has letters, digits and signs only.")},
    )


def key_of(request: HttpRequest) -> str:
    """What the visitor has signed in with; nothing if they have not, or too long ago."""
    try:
        kept = request.COOKIES.get(COOKIE, "")
        return _fernet().decrypt(kept.encode(), ttl=LIFETIME_SECONDS).decode()
    except (InvalidToken, UnicodeError):
        return ""


def keep(response: HttpResponseBase, key: str) -> None:
    """Have the visitor's browser keep what they have signed in with."""
    response.set_cookie(
        COOKIE,
        _fernet().encrypt(key.encode()).decode(),
        max_age=LIFETIME_SECONDS,
        secure=settings.CSRF_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponseBase) -> None:
    """Have the visitor's browser forget it."""
    response.delete_cookie(COOKIE, samesite="Lax")


@cache
def _fernet() -> Fernet:
    """Encrypts with a key made of Django's, for this purpose alone."""
    made = hashlib.sha256(b"web.sign_in" + settings.SECRET_KEY.encode()).digest()
    return Fernet(urlsafe_b64encode(made))
