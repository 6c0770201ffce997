"""Who may ask a service: whom the gateway or another service vouches for, and its own staff."""

import time
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from contracts.callers import OPS, READ, SCHEME, WRITE, Caller, NotVouchedFor, verify

CHALLENGE: Final = f'{SCHEME} realm="airline"'


@dataclass(frozen=True)
class VouchedUser:
    """Somebody who is vouched for, in the place of a user of the service's own."""

    caller: Caller
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True

    def __str__(self) -> str:
        return self.caller.sub

    @property
    def is_staff(self) -> bool:
        """Whether they run the airline, and see what is everybody's."""
        return OPS in self.caller.scopes

    def get_username(self) -> str:
        """The customer."""
        return self.caller.sub


class Vouching(BaseAuthentication):
    """Takes the token of whoever vouches for the caller, and no other."""

    def authenticate(self, request: Request) -> tuple[VouchedUser, Caller] | None:
        """Who asks; nobody where there is no such token.

        Raises:
            AuthenticationFailed: nobody vouches for it, here and now.
        """
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme != SCHEME:
            return None
        keys = settings.INTERNAL_KEYS
        try:
            caller = verify(token, to=settings.SERVICE, keys=keys, at=time.time())
        except NotVouchedFor as error:
            raise exceptions.AuthenticationFailed(f"The token is refused: {error}.") from error
        return VouchedUser(caller), caller

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return CHALLENGE


class MayAsk(BasePermission):
    """Lets in who is vouched for with the scope that the request takes, and the service's staff;
    under `TRIAL` everybody else, too, but for who is vouched for without that scope.

    Reading takes `reservations:read`, anything else `reservations:write`. A view says otherwise in
    its attribute `scope`.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the request may be done.

        Raises:
            PermissionDenied: the scope is missing.
        """
        user: Any = request.user
        if not isinstance(user, VouchedUser):
            return bool(settings.TRIAL or user.is_staff)
        wanted = getattr(view, "scope", None) or (READ if request.method in SAFE_METHODS else WRITE)
        if wanted not in user.caller.scopes:
            raise exceptions.PermissionDenied(f"This takes the scope {wanted}.")
        return True
