"""Who asks a service: what the gateway, or another service, vouches for.

It goes in the header `Authorization`, as a JSON Web Token (RFC 7519) signed with HMAC-SHA-256 under
a scheme of its own, so that no token that a client holds is ever taken for one. It is for one
service, for half a minute. Who has the key can vouch for anybody: it is the services' own.
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

READ: Final = "reservations:read"
WRITE: Final = "reservations:write"
OPS: Final = "ops"
SCOPES: Final = (READ, WRITE, OPS)

SCHEME: Final = "Vouched"
# How long it holds, and by how much the clocks of two hosts may differ.
LIFETIME_SECONDS: Final = 30
SKEW_SECONDS: Final = 30
# How a service is called where a customer would be; no customer is called that.
SERVICE_PREFIX: Final = "service:"

_HEAD: Final = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}')


class NotVouchedFor(Exception):
    """A token is not one of ours, not for this service, or not of this time."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, by the names of the claims.

    `iss` is the service that vouches, `aud` the one that is asked, `sub` the customer or
    `service:<name>`, `scope` what they may do, with spaces between, `iat` and `exp` from when until
    when that holds, in seconds since 1970.
    """

    iss: str
    aud: str
    sub: str
    scope: str
    iat: int
    exp: int

    @property
    def scopes(self) -> frozenset[str]:
        """What they may do."""
        return frozenset(self.scope.split())


_decoder: Final = msgspec.json.Decoder(Caller)


def vouch(
    subject: str, scopes: Iterable[str], *, by: str, to: str, keys: Sequence[str], at: float
) -> dict[str, str]:
    """The header with which a service is asked on somebody's behalf.

    Args:
        subject: the customer.
        scopes: what they may do.
        by: the service that vouches.
        to: the service that is asked.
        keys: the services' keys, of which the first signs.
        at: now, in seconds since 1970.
    """
    claims = Caller(
        iss=by,
        aud=to,
        sub=subject,
        scope=" ".join(sorted(scopes)),
        iat=int(at),
        exp=int(at) + LIFETIME_SECONDS,
    )
    signed = _HEAD + b"." + urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=")
    return {"Authorization": f"{SCHEME} {(signed + b'.' + _signature(signed, keys[0])).decode()}"}


def vouch_for_service(*, by: str, to: str, keys: Sequence[str], at: float) -> dict[str, str]:
    """The header with which a service asks another on its own behalf: it only reads."""
    return vouch(f"{SERVICE_PREFIX}{by}", (READ,), by=by, to=to, keys=keys, at=at)


def verify(token: str, *, to: str, keys: Sequence[str], at: float) -> Caller:
    """Who asks.

    Args:
        token: what comes after the scheme.
        to: the service that is asked.
        keys: the services' keys: any of them may have signed.
        at: now, in seconds since 1970.

    Raises:
        NotVouchedFor: nobody vouches for it, here and now.
    """
    signed, _, signature = token.encode("utf-8", "replace").rpartition(b".")
    head, _, body = signed.partition(b".")
    good = [hmac.compare_digest(signature, _signature(signed, key)) for key in keys]
    if head != _HEAD or not any(good):
        raise NotVouchedFor("nobody here has signed it")
    caller = _decoded(body)
    if caller.aud != to:
        raise NotVouchedFor(f"it is for {caller.aud}")
    if not caller.iat - SKEW_SECONDS <= at <= caller.exp + SKEW_SECONDS:
        raise NotVouchedFor("it is not of this time")
    return caller


def _signature(signed: bytes, key: str) -> bytes:
    return urlsafe_b64encode(hmac.digest(key.encode(), signed, "sha256")).rstrip(b"=")


def _decoded(body: bytes) -> Caller:
    try:
        return _decoder.decode(urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotVouchedFor("it cannot be read") from error
