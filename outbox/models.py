"""The library's tables."""

import zlib
from typing import Final

from django.db import models
from uuid_utils.compat import uuid7

from outbox.instances import Quick

SHARDS: Final = 64


def shard_of(key: str) -> int:
    """The shard of a key: the same in every process and for ever."""
    return zlib.crc32(key.encode()) % SHARDS


class EventSource(Quick):
    """Base of an aggregate that publishes events; `outbox.append` raises its `event_sequence`."""

    event_sequence = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class OutboxEvent(Quick):
    """An event that this service has committed, published or on its way."""

    class State(models.TextChoices):
        """PENDING rows are what the relay reads; HELD ones wait for an operator."""

        PENDING = "PENDING"
        PUBLISHED = "PUBLISHED"
        HELD = "HELD"

    event_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    shard = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, choices=State, default=State.PENDING)
    topic = models.CharField(max_length=100)
    type = models.CharField(max_length=100)
    key = models.CharField(max_length=100)
    sequence = models.PositiveBigIntegerField()
    payload = models.TextField()
    traceparent = models.CharField(max_length=55, blank=True, default="")
    error = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "outbox_event"
        constraints = [
            models.UniqueConstraint(fields=["key", "sequence"], name="outbox_key_sequence")
        ]
        indexes = [models.Index(fields=["state", "id", "shard"], name="outbox_pending")]

    def __str__(self) -> str:
        return f"{self.type} {self.key}#{self.sequence}"


class Lease(models.Model):
    """Who works on a shard, until when on the database's clock.

    `epoch` rises with every change of owner: what an owner writes is valid only while the epoch is
    the one it was given.
    """

    group = models.CharField(max_length=40)
    shard = models.PositiveSmallIntegerField()
    owner = models.CharField(max_length=100, blank=True, default="")
    epoch = models.PositiveBigIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "outbox_lease"
        constraints = [
            models.UniqueConstraint(fields=["group", "shard"], name="outbox_lease_shard")
        ]

    def __str__(self) -> str:
        return f"{self.group}/{self.shard}"


class Worker(models.Model):
    """A process that takes part in sharing out a group's shards."""

    group = models.CharField(max_length=40)
    name = models.CharField(max_length=100, unique=True)
    address = models.CharField(max_length=100, blank=True, default="")
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "outbox_worker"

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


class InboxMark(models.Model):
    """The last event of a key that a consumer has applied."""

    consumer = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    key = models.CharField(max_length=100)
    sequence = models.PositiveBigIntegerField()

    class Meta:
        db_table = "outbox_inbox_mark"
        constraints = [
            models.UniqueConstraint(fields=["consumer", "source", "key"], name="outbox_inbox_key")
        ]

    def __str__(self) -> str:
        return f"{self.consumer} ← {self.source} {self.key}#{self.sequence}"


class ConsumerStart(models.Model):
    """How much of a topic there was when a consumer's group first started.

    A consumer that joined when the topic's beginning was gone takes the first event of a key that
    it sees as the key's mark, instead of waiting for what will never come.
    """

    consumer = models.CharField(max_length=60)
    topic = models.CharField(max_length=100)
    is_complete = models.BooleanField()
    started_at = models.DateTimeField()

    class Meta:
        db_table = "outbox_consumer_start"
        constraints = [
            models.UniqueConstraint(fields=["consumer", "topic"], name="outbox_consumer_topic")
        ]

    def __str__(self) -> str:
        return f"{self.consumer} ← {self.topic}"


class HeldMessage(models.Model):
    """An incoming message that could not be applied when it came. Nothing is ever dropped."""

    class Reason(models.TextChoices):
        """Why: the handler failed, it cannot be read, one before it is missing or is held."""

        FAILED = "failed"
        MALFORMED = "malformed"
        GAP = "gap"
        BEHIND = "behind"

    consumer = models.CharField(max_length=60)
    source = models.CharField(max_length=60, blank=True, default="")
    key = models.CharField(max_length=100, blank=True, default="")
    sequence = models.PositiveBigIntegerField(null=True, blank=True)
    type = models.CharField(max_length=100, blank=True, default="")
    topic = models.CharField(max_length=100)
    partition = models.PositiveIntegerField()
    offset = models.PositiveBigIntegerField()
    message_key = models.BinaryField(null=True)
    headers = models.JSONField()
    payload = models.BinaryField()
    reason = models.CharField(max_length=9, choices=Reason)
    error = models.TextField(blank=True, default="")
    held_at = models.DateTimeField()

    class Meta:
        db_table = "outbox_held_message"
        indexes = [
            models.Index(fields=["consumer", "source", "key", "sequence"], name="outbox_held_key")
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.type} {self.key}#{self.sequence}"

    @property
    def replayed_with(self) -> tuple[str, str, str | int]:
        """What messages that are replayed together have in common: consumer, source and key, or
        where the key cannot be read, nothing with any other message."""
        return self.consumer, self.source, self.key or self.pk


class AuditEntry(models.Model):
    """What an operator did with a held event or message, and why. Only ever added to."""

    class Action(models.TextChoices):
        """Replaying sends or applies again; discarding gives an event up for good."""

        REPLAY = "replay"
        DISCARD = "discard"

    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=7, choices=Action)
    subject = models.CharField(max_length=300)
    reason = models.CharField(max_length=300)
    detail = models.TextField(blank=True, default="")

    class Meta:
        db_table = "outbox_audit"
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.subject}"
