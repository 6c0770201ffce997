"""Signed links in mails: who has got the mail may do what they say, and nobody else."""

from typing import Final

from django.conf import settings
from django.core import signing

from notification.models import address_digest

SALT: Final = "notification.unsubscribe"


def unsubscribe_link(address: str) -> str:
    """Where an address opts out. It names the address by its digest alone: links end up in logs."""
    token = signing.Signer(salt=SALT).sign(address_digest(address))
    return f"{settings.GATEWAY_URL}/unsubscribe/{token}"


def digest_of(token: str) -> str:
    """The digest of the address that a link was made for.

    Raises:
        signing.BadSignature: it was not made here.
    """
    return signing.Signer(salt=SALT).unsign(token)
