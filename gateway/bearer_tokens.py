"""JSON Web Tokens of an identity provider (RFC 7519, RFC 9068), checked by PyJWT.

A token says in `sub` who the customer is, and in `scope` what they may do, with blanks between.
"""

from typing import Any, Final

import jwt

from gateway.customers import Customer, checked
from gateway.key_sets import Key, Keys, KeysUnavailable

__all__ = ["BearerTokens", "KeysUnavailable", "NotAccepted"]

SKEW_SECONDS: Final = 30
REQUIRED: Final = ["aud", "exp", "iss", "sub"]


class NotAccepted(Exception):
    """A token that lets nobody in; says why, for whoever made it."""


class BearerTokens:
    """Reads tokens.

    Args:
        issuer: who must have made them.
        audience: for whom they must be.
        keys: the issuer's public keys; without them none of its tokens is accepted.
        secret: what tokens are signed with that are made by hand, for development; or nothing.
    """

    def __init__(self, *, issuer: str, audience: str, keys: Keys | None, secret: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._secret = Key("HS256", secret) if secret else None
        self._reader = jwt.PyJWT({"enforce_minimum_key_length": True})

    def customer(self, token: str) -> Customer:
        """Whose token it is.

        Raises:
            NotAccepted: it is wrong, over, or for somebody else.
            KeysUnavailable: it cannot be checked just now.
        """
        try:
            head = jwt.get_unverified_header(token)
            claims = self._claims(token, self._key(head))
            return checked(claims["sub"], _scopes(claims))
        except (jwt.PyJWTError, ValueError) as error:
            raise NotAccepted(f"{error}.") from error

    def _key(self, head: dict[str, Any]) -> Key:
        if self._secret and head.get("alg") == self._secret.algorithm:
            return self._secret
        if self._keys is None:
            raise NotAccepted("No tokens of this kind are.")
        name = str(head.get("kid", ""))
        key = self._keys.now().get(name) or self._keys.again().get(name)
        if key is None:
            raise NotAccepted("Its key is not known.")
        return key

    def _claims(self, token: str, key: Key) -> dict[str, Any]:
        return self._reader.decode(
            token,
            key.material,
            algorithms=[key.algorithm],
            audience=self._audience,
            issuer=self._issuer,
            leeway=SKEW_SECONDS,
            options={"require": REQUIRED},
        )


def _scopes(claims: dict[str, Any]) -> list[str]:
    scope = claims.get("scope", "")
    if not isinstance(scope, str):
        raise ValueError("its scope is no text")
    return scope.split()
