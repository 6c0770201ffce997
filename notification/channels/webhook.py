"""Webhooks: an event posted to a partner, signed."""

import json
import logging
import time
from collections.abc import Collection
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from urllib3.exceptions import HTTPError

from notification.channels import LONGEST_KEPT, Call, Outcome, Verdict
from notification.channels.posting import Poster
from notification.channels.signing import headers
from notification.channels.targets import UnfitTarget, parse, resolve
from notification.models import Delivery

logger = logging.getLogger(__name__)

CONTENT: Final = {"Content-Type": "application/json", "User-Agent": "airline-notification/1"}
GONE: Final = 410


class Webhooks:
    """The channel to partners; a `Channel`."""

    def __init__(self) -> None:
        self._private = settings.WEBHOOK_PRIVATE_TARGETS
        self._poster = Poster(
            connect_seconds=settings.WEBHOOK_CONNECT_MS / 1000,
            read_seconds=settings.WEBHOOK_READ_MS / 1000,
            connections=settings.DELIVERIES_IN_FLIGHT,
        )

    def prepare(self, deliveries: Collection[Delivery]) -> list[Call | Outcome]:
        """See `Channel.prepare`: a disabled endpoint gets nothing."""
        return [self._prepare(delivery) for delivery in deliveries]

    def close(self) -> None:
        """Close what is kept open."""
        self._poster.close()

    def _prepare(self, delivery: Delivery) -> Call | Outcome:
        endpoint = delivery.endpoint
        if endpoint is None or not endpoint.is_enabled:
            return Outcome(verdict=Verdict.BROKEN, error="the endpoint is disabled")
        return partial(
            self._send, endpoint.url, delivery.message_id, body_of(delivery), endpoint.secrets
        )

    def _send(self, url: str, message_id: str, body: bytes, secrets: Collection[str]) -> Outcome:
        begun = time.monotonic()
        signed = headers(message_id, body, secrets=secrets, now=timezone.now())
        told = {
            "webhook-id": signed["webhook-id"],
            "webhook-timestamp": signed["webhook-timestamp"],
        }
        facts: dict[str, Any] = {"request": f"POST {url}\n{json.dumps(told)}"}
        try:
            target = parse(url, private=self._private)
            address = resolve(target, private=self._private)
            status, text = self._poster.post(target, address, body, {**CONTENT, **signed})
        except UnfitTarget as error:
            facts |= {"verdict": Verdict.BROKEN, "error": str(error)}
        except (HTTPError, OSError) as error:
            facts |= {"verdict": Verdict.LATER, "error": f"{type(error).__name__}: {error}"}
        else:
            facts |= {"status": status, "answer": text[:LONGEST_KEPT], **_judged(status)}
        return Outcome(duration_ms=round((time.monotonic() - begun) * 1000), **facts)


def body_of(delivery: Delivery) -> bytes:
    """What is posted, the same at every attempt: the event's type, when it was learned of, and what
    it says."""
    return json.dumps(
        {
            "type": delivery.event_type,
            "timestamp": delivery.created_at.isoformat(),
            "data": json.loads(delivery.payload),
        },
        separators=(",", ":"),
    ).encode()


def _judged(status: int) -> dict[str, Any]:
    """2xx is a yes; 410 asks for no more, ever; whatever else, a redirect too, is a failure."""
    if 200 <= status < 300:
        return {"verdict": Verdict.SENT}
    verdict = Verdict.GONE if status == GONE else Verdict.LATER
    return {"verdict": verdict, "error": f"it answered {status}"}
