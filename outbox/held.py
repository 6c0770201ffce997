"""Incoming messages that cannot be applied now: kept whole, so that they can be applied later."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from outbox import cloudevents
from outbox.cloudevents import Envelope, Malformed
from outbox.models import HeldMessage, InboxMark

logger = logging.getLogger(__name__)

# Header values may be any bytes; this is the text that gives every one of them back.
ENCODING = "latin-1"


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """A Kafka message, as the inbox needs it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Sequence[tuple[str, bytes]]


def hold(
    consumer: str,
    message: Incoming,
    reason: HeldMessage.Reason,
    *,
    error: str = "",
    envelope: Envelope | None = None,
) -> None:
    """Keep a message; one that is kept already, because it was delivered again, is left as it is.

    Args:
        consumer: who could not apply it.
        message: the message.
        reason: why.
        error: what went wrong, with its traceback if there is one.
        envelope: the message's envelope, if it can be read.
    """
    if _is_kept(consumer, message, envelope):
        return
    logger.error("%s holds %s@%s: %s", consumer, message.topic, message.offset, error or reason)
    HeldMessage.objects.create(
        consumer=consumer,
        source=envelope.source if envelope else "",
        key=envelope.key if envelope else "",
        sequence=envelope.sequence if envelope else None,
        type=envelope.type if envelope else "",
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        message_key=message.key,
        headers=[[name, value.decode(ENCODING)] for name, value in message.headers],
        payload=message.value,
        reason=reason,
        error=error,
        held_at=timezone.now(),
    )


def held_of(consumer: str, source: str, key: str) -> QuerySet[HeldMessage]:
    """What a consumer holds of a key, in sequence."""
    held = HeldMessage.objects.filter(consumer=consumer, source=source, key=key)
    return held.order_by("sequence")


def ready_keys(
    consumer: str, reasons: Collection[HeldMessage.Reason]
) -> QuerySet[HeldMessage, tuple[str, str]]:
    """Source and key of what a consumer holds for one of these reasons, though everything before
    it has been applied or given up."""
    reached = InboxMark.objects.filter(
        consumer=OuterRef("consumer"),
        source=OuterRef("source"),
        key=OuterRef("key"),
        sequence__gte=OuterRef("sequence") - 1,
    )
    ready = HeldMessage.objects.filter(Exists(reached), consumer=consumer, reason__in=reasons)
    return ready.values_list("source", "key").distinct()


def restore(row: HeldMessage) -> Incoming:
    """The message as it came in."""
    return Incoming(
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        key=None if row.message_key is None else bytes(row.message_key),
        value=bytes(row.payload),
        headers=[(name, value.encode(ENCODING)) for name, value in row.headers],
    )


def envelope_of(message: Incoming) -> Envelope | None:
    """The message's envelope, or none where it cannot be read."""
    try:
        return cloudevents.parse(message.key, message.headers)
    except Malformed:
        return None


def _is_kept(consumer: str, message: Incoming, envelope: Envelope | None) -> bool:
    if envelope is not None:
        kept = held_of(consumer, envelope.source, envelope.key)
        return kept.filter(sequence=envelope.sequence).exists()
    return HeldMessage.objects.filter(
        consumer=consumer,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key="",
    ).exists()
