"""Deliveries: one message to one recipient over one channel, and every attempt at it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from contracts.booking import (
    ReservationCanceled,
    ReservationChanged,
    ReservationChangeRejected,
    ReservationConfirmed,
    ReservationExpired,
    ReservationRejected,
    TicketsIssued,
)
from notification.models.endpoint import Endpoint
from outbox.inserts import insert_later
from outbox.models import shard_of
from outbox.nudge import nudge_on_commit
from outbox.prepared import Update, argument, arguments, numbered
from outbox.transactions import LostRace

# The group of workers that send.
DELIVERIES: Final = "deliveries"
# A test message to an endpoint; no event of anybody's.
PING: Final = "notification.Ping.v1"

# Whether a passenger may opt out of a kind of message: of what is good to know, not of what they
# have to know because it is about their money or their seat.
OPTIONAL: Final[Mapping[str, bool]] = MappingProxyType(
    {
        ReservationConfirmed.type: True,
        ReservationRejected.type: False,
        ReservationExpired.type: True,
        ReservationCanceled.type: False,
        ReservationChanged.type: False,
        ReservationChangeRejected.type: False,
        TicketsIssued.type: False,
    }
)


class IllegalTransition(Exception):
    """A delivery was to be moved to a status that may not follow the one it has."""


class Delivery(models.Model):
    """A message about an event: to whom, over which channel, and how it stands.

    It holds no personal data: who `recipient` is, the contact says, when it is sent. Its id is in
    the message itself, the same at every attempt, so that receivers can tell a repetition.
    """

    class Channel(models.TextChoices):
        """How it is sent."""

        EMAIL = "EMAIL"
        WEBHOOK = "WEBHOOK"

    class Status(models.TextChoices):
        """HELD: an operator has to look. UNDELIVERABLE: there is nobody to send it to.
        SUPPRESSED: the recipient does not want it."""

        PENDING = "PENDING"
        SENT = "SENT"
        HELD = "HELD"
        UNDELIVERABLE = "UNDELIVERABLE"
        SUPPRESSED = "SUPPRESSED"

    # Which status may follow which: what is over begins anew when an operator redelivers it.
    TRANSITIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
        {
            Status.PENDING: frozenset(Status),
            Status.SENT: frozenset({Status.PENDING}),
            Status.HELD: frozenset({Status.PENDING}),
            Status.UNDELIVERABLE: frozenset({Status.PENDING}),
            Status.SUPPRESSED: frozenset(),
        }
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=100)
    reservation_id = models.UUIDField(null=True, blank=True, db_index=True)
    channel = models.CharField(max_length=7, choices=Channel)
    recipient = models.CharField(
        max_length=40, help_text="contact, passenger:<number>, or an endpoint's id"
    )
    endpoint = models.ForeignKey(
        # Not CASCADE: where constraints are not deferred, Django would first take the endpoint out
        # of the deliveries, which the check below does not allow.
        Endpoint,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
    )
    shard = models.PositiveSmallIntegerField()
    payload = models.TextField(help_text="the event, as JSON")
    status = models.CharField(max_length=13, choices=Status, default=Status.PENDING)
    attempts = models.PositiveIntegerField(
        default=0, help_text="since it was recorded or last redelivered"
    )
    next_attempt_at = models.DateTimeField()
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "notification_delivery"
        constraints = [
            models.UniqueConstraint(
                fields=["event_id", "recipient", "channel"], name="notification_once"
            ),
            models.CheckConstraint(
                condition=Q(channel="WEBHOOK", endpoint__isnull=False)
                | Q(channel="EMAIL", endpoint__isnull=True),
                name="notification_webhook_has_endpoint",
            ),
        ]
        indexes = [
            models.Index(
                fields=["status", "channel", "next_attempt_at", "shard"],
                name="notification_delivery_due",
            ),
            models.Index(fields=["endpoint", "created_at"], name="notification_delivery_log"),
            models.Index(fields=["completed_at"], name="notification_delivery_old"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.recipient} {self.status}"

    @classmethod
    def of(cls, event_id: UUID, event_type: str, *, now: datetime, **content: Any) -> "Delivery":
        """One to be sent, not stored yet.

        Args:
            event_id: the event's own id.
            event_type: its CloudEvents type.
            now: when.
            content: reservation_id, channel, recipient, payload, and endpoint for a webhook.
        """
        made = cls(
            event_id=event_id,
            event_type=event_type,
            created_at=now,
            next_attempt_at=Now(),
            **content,
        )
        made.shard = shard_of(str(made.pk))
        return made

    @classmethod
    def record(cls, deliveries: Sequence["Delivery"]) -> None:
        """Store deliveries, and wake those who send them when the transaction commits."""
        insert_later(deliveries, now_in=("next_attempt_at",))
        nudge_on_commit(DELIVERIES)

    @property
    def message_id(self) -> str:
        """What every attempt at it is known by, to receivers."""
        return f"msg_{self.pk.hex}"

    def complete(self, status: "Delivery.Status", *, error: str = "", now: datetime) -> None:
        """Record by compare-and-set what became of it.

        Raises:
            IllegalTransition: it is over already.
            LostRace: somebody else has recorded an attempt since it was read.
        """
        self._move_to(status, error=error, attempts=self.attempts + 1, completed_at=now)

    def postpone(self, error: str, *, wait: timedelta) -> None:
        """Record why it could not be sent, and when to try again.

        Raises:
            IllegalTransition, LostRace: as `complete`.
        """
        self._move_to(
            Delivery.Status.PENDING,
            error=error,
            attempts=self.attempts + 1,
            next_attempt_at=Now() + wait,
        )

    def redeliver(self) -> None:
        """Have it sent again, now, under the same id.

        Raises:
            IllegalTransition: the recipient does not want it.
            LostRace: somebody else has recorded an attempt since it was read.
        """
        self._move_to(
            Delivery.Status.PENDING,
            attempts=0,
            error="",
            next_attempt_at=Now(),
            completed_at=None,
        )
        nudge_on_commit(DELIVERIES)

    @classmethod
    def complete_sent(cls, ids: Collection[UUID], *, now: datetime) -> int:
        """Record in one statement that those of these which are PENDING still were sent; how many
        there were."""
        return _sent(len(ids)).run(completed_at=now, **numbered("pk", ids))

    def _move_to(self, status: "Delivery.Status", **changes: object) -> None:
        if status not in self.TRANSITIONS[self.status]:
            raise IllegalTransition(f"{self}: {self.status} → {status}")
        unchanged = Delivery.objects.filter(pk=self.pk, status=self.status, attempts=self.attempts)
        if not unchanged.update(status=status, **changes):
            raise LostRace(f"{self} has changed since it was read")
        self.status = status
        for name, value in changes.items():
            setattr(self, name, value)


@lru_cache(maxsize=256)
def _sent(count: int) -> Update:
    """The update that so many deliveries take once they were sent."""
    these = Delivery.objects.filter(pk__in=arguments(Delivery, "pk", count))
    return Update(
        these.filter(status=Delivery.Status.PENDING),
        status=Delivery.Status.SENT,
        attempts=F("attempts") + 1,
        error="",
        completed_at=argument(Delivery, "completed_at"),
    )


class Attempt(models.Model):
    """One attempt at a delivery: what was sent, what came back, how long it took."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    request = models.TextField(blank=True, default="")
    answer_status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        db_table = "notification_attempt"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.answer_status or self.error[:60]}"
