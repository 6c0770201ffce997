"""Signatures after the Standard Webhooks specification (standardwebhooks.com), version 1."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

from notification.models.endpoint import SECRET_PREFIX


def headers(
    message_id: str, body: bytes, *, secrets: Iterable[str], now: datetime
) -> Mapping[str, str]:
    """The specification's three headers.

    Args:
        message_id: the same for every attempt at the message.
        body: what is posted, byte for byte.
        secrets: what to sign with, each as `whsec_` and base64: one signature for each.
        now: the moment of the attempt; receivers refuse old ones.
    """
    timestamp = str(int(now.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, content) for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
