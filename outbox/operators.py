"""What an operator may do with held events and messages; every act leaves an audit entry."""

from typing import Final

from django.utils import timezone

from outbox.cloudevents import DISCARDED
from outbox.events import RELAY
from outbox.inbox import Inbox, UnknownConsumer
from outbox.models import AuditEntry, HeldMessage, Lease, OutboxEvent, shard_of
from outbox.nudge import nudge_on_commit
from outbox.registry import presentable
from outbox.relay import BEHIND
from outbox.transactions import unit_of_work

EMPTY: Final = "{}"
Action = AuditEntry.Action
State = OutboxEvent.State


class NotHeld(Exception):
    """The event or message is not held (any more)."""


class NotFirst(Exception):
    """A message can be discarded only when none of its key is held before it."""


# What an operator is told instead of being obeyed.
REFUSALS: Final = (NotHeld, NotFirst, UnknownConsumer)


@unit_of_work
def replay_outgoing(key: str, *, actor: str, reason: str) -> int:
    """Send a key's held events again, in order.

    Args:
        key: the aggregate's id.
        actor: who asks for it.
        reason: why.

    Returns:
        How many events were held.

    Raises:
        NotHeld: none was.
    """
    _lock_out_the_relay(key)
    replayed = _release(key)
    if not replayed:
        raise NotHeld(f"no outgoing event of {key} is held")
    _audit(actor, Action.REPLAY, f"outgoing events of {key}", reason)
    return replayed


@unit_of_work
def discard_outgoing(event: OutboxEvent, *, actor: str, reason: str) -> None:
    """Give up a held event. It goes out empty, as `outbox.Discarded` with its sequence, so that
    consumers see no gap; its successors follow unless another of the key was refused too.

    Raises:
        NotHeld: the event is not held.
    """
    _lock_out_the_relay(event.key)
    held = OutboxEvent.objects.filter(pk=event.pk, state=State.HELD)
    if not held.update(type=DISCARDED, payload=EMPTY, error=BEHIND):
        raise NotHeld(f"{event} is not held")
    refused = OutboxEvent.objects.filter(key=event.key, state=State.HELD).exclude(error=BEHIND)
    if not refused.exists():
        _release(event.key)
    _audit(
        actor, Action.DISCARD, f"outgoing {event}", reason, presentable(event.type, event.payload)
    )


def replay_incoming(message: HeldMessage, *, actor: str, reason: str) -> int:
    """Apply what a consumer holds of a message's key, in sequence, as far as it succeeds.

    Returns:
        How many messages were applied; what fails again stays held, with its new error.

    Raises:
        UnknownConsumer: the settings do not have the message's consumer.
    """
    inbox = Inbox.named(message.consumer)
    _audit(actor, Action.REPLAY, f"{message.consumer} {message}", reason)
    return inbox.replay(message)


def discard_incoming(message: HeldMessage, *, actor: str, reason: str) -> None:
    """Give up a held message: its key's mark moves past it, and what waited behind it is applied.

    What is applied then has transactions of its own, so that a handler that fails leaves nothing.

    Raises:
        NotFirst: another message of its key is held before it.
        NotHeld: it is not held any more.
        UnknownConsumer: the settings do not have the message's consumer.
    """
    inbox = Inbox.named(message.consumer)
    _give_up(inbox, message, actor, reason)
    inbox.go_on(message)


@unit_of_work
def _give_up(inbox: Inbox, message: HeldMessage, actor: str, reason: str) -> None:
    earlier = HeldMessage.objects.filter(
        consumer=message.consumer,
        source=message.source,
        key=message.key,
        sequence__lt=message.sequence or 0,
    )
    if message.key and earlier.exists():
        raise NotFirst(f"{message}: an earlier message of its key is held")
    deleted, _ = HeldMessage.objects.filter(pk=message.pk).delete()
    if not deleted:
        raise NotHeld(f"{message} is not held")
    payload = presentable(message.type, bytes(message.payload).decode(errors="replace"))
    _audit(actor, Action.DISCARD, f"{message.consumer} {message}", reason, payload)
    inbox.skip(message)


def _release(key: str) -> int:
    nudge_on_commit(RELAY)
    held = OutboxEvent.objects.filter(key=key, state=State.HELD)
    return held.update(state=State.PENDING, error="")


def _lock_out_the_relay(key: str) -> None:
    """Wait for the relay's decision on this key's shard, and make the next one wait for ours."""
    list(Lease.objects.filter(group=RELAY, shard=shard_of(key)).select_for_update())


def _audit(
    actor: str, action: AuditEntry.Action, subject: str, reason: str, detail: str = ""
) -> None:
    AuditEntry.objects.create(
        at=timezone.now(),
        actor=actor[:150],
        action=action,
        subject=subject[:300],
        reason=reason[:300],
        detail=detail,
    )
