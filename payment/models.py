"""Payments and their operations."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from outbox.models import EventSource, shard_of
from outbox.nudge import nudge_on_commit
from outbox.transactions import LostRace

# The group of workers that do operations.
OPERATIONS: Final = "operations"


class Payment(EventSource):
    """All that was asked of the card for one reservation; never deleted.

    Amounts are in minor units of `currency`. Running totals move in the transaction of the
    operation that causes them.
    """

    reservation_id = models.UUIDField(primary_key=True)
    currency = models.CharField(max_length=3)
    authorized_amount = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payment"

    def __str__(self) -> str:
        return f"payment for {self.reservation_id}"

    def add_authorized(self, amount: int, *, now: datetime) -> None:
        """Count a successful authorization."""
        Payment.objects.filter(pk=self.pk).update(
            authorized_amount=models.F("authorized_amount") + amount, updated_at=now
        )
        self.authorized_amount += amount


class IllegalTransition(Exception):
    """An operation was to be moved to a status that may not follow the one it has."""


class Operation(models.Model):
    """One thing asked of the processor, numbered by booking.

    Reservation and number make the idempotency key that the processor gets, so that asking twice
    is asking once.
    """

    class Kind(models.TextChoices):
        """What is asked."""

        AUTHORIZE = "AUTHORIZE"

    class Status(models.TextChoices):
        """UNKNOWN: the processor may or may not have done it, and is asked again."""

        REQUESTED = "REQUESTED"
        SUCCEEDED = "SUCCEEDED"
        FAILED = "FAILED"
        UNKNOWN = "UNKNOWN"

    # Which status may follow which.
    TRANSITIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
        {
            Status.REQUESTED: frozenset({Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN}),
            Status.UNKNOWN: frozenset({Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN}),
            Status.SUCCEEDED: frozenset(),
            Status.FAILED: frozenset(),
        }
    )
    # What `run_operations` has still to do.
    OPEN: Final = (Status.REQUESTED, Status.UNKNOWN)

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="operations")
    saga_id = models.UUIDField(help_text="booking's saga that asked, and gets the answer")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=9, choices=Kind)
    status = models.CharField(max_length=9, choices=Status, default=Status.REQUESTED)
    shard = models.PositiveSmallIntegerField()
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    payment_token = models.CharField(max_length=200)
    processor_reference = models.CharField(max_length=255, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    requested_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "payment_operation"
        constraints = [
            models.UniqueConstraint(fields=["payment", "number"], name="payment_operation_number")
        ]
        indexes = [
            models.Index(
                fields=["status", "shard", "next_attempt_at"], name="payment_operation_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.payment_id}#{self.number} {self.status}"

    @property
    def idempotency_key(self) -> str:
        """What tells the processor that a repeated call is the same operation."""
        return f"{self.payment_id}:{self.number}"

    @classmethod
    def request(
        cls,
        payment: Payment,
        *,
        saga_id: UUID,
        number: int,
        kind: "Operation.Kind",
        amount: int,
        payment_token: str,
        now: datetime,
    ) -> None:
        """Record an operation to be done, unless it has been recorded before."""
        cls.objects.get_or_create(
            payment=payment,
            number=number,
            defaults={
                "saga_id": saga_id,
                "kind": kind,
                "shard": shard_of(str(payment.pk)),
                "amount": amount,
                "currency": payment.currency,
                "payment_token": payment_token,
                "next_attempt_at": Now(),
                "requested_at": now,
            },
        )
        nudge_on_commit(OPERATIONS)

    def complete(
        self, status: "Operation.Status", *, reference: str = "", reason: str = "", now: datetime
    ) -> None:
        """Record a definite answer by compare-and-set.

        Raises:
            IllegalTransition: the operation has had its answer.
            LostRace: somebody else has recorded one since it was read.
        """
        self._move_to(
            status,
            processor_reference=reference,
            reason=reason[:200],
            attempts=self.attempts + 1,
            completed_at=now,
        )

    def postpone(self, reason: str, *, wait: timedelta) -> None:
        """Record that the outcome is unknown, and when to ask again.

        Raises:
            IllegalTransition: the operation has had its answer.
            LostRace: somebody else has recorded one since it was read.
        """
        self._move_to(
            Operation.Status.UNKNOWN,
            reason=reason[:200],
            attempts=self.attempts + 1,
            next_attempt_at=Now() + wait,
        )

    def _move_to(self, status: "Operation.Status", **changes: object) -> None:
        if status not in self.TRANSITIONS[self.status]:
            raise IllegalTransition(f"{self}: {self.status} → {status}")
        unchanged = Operation.objects.filter(pk=self.pk, status=self.status, attempts=self.attempts)
        if not unchanged.update(status=status, **changes):
            raise LostRace(f"{self} has changed since it was read")
        self.status = status
        for name, value in changes.items():
            setattr(self, name, value)
