"""Operations: what is asked of the processor."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.functional import cached_property

from contracts.values import LARGEST_NUMBER
from outbox.inserts import insert_later
from outbox.models import shard_of
from outbox.nudge import nudge_on_commit
from outbox.prepared import Argument, Select, Update, argument
from outbox.transactions import LostRace
from payment.models.ledger import LedgerEntry
from payment.models.payment import Payment

# The group of workers that do operations.
OPERATIONS: Final = "operations"
# What reconciliation asks for has numbers that booking cannot give.
REPAIRS_FROM: Final = LARGEST_NUMBER + 1


class IllegalTransition(Exception):
    """An operation was to be moved to a status that may not follow the one it has."""


class ConflictingRequest(Exception):
    """Something else was asked before under the same number."""


class Operation(models.Model):
    """One thing asked of the processor, numbered by booking.

    Reservation and number make the idempotency key that the processor gets, so that asking twice
    is asking once. A capture, void or refund names the authorization it is about; what it comes to
    is counted on the authorization, too, as the limits hold for each.
    """

    class Kind(models.TextChoices):
        """What is asked."""

        AUTHORIZE = "AUTHORIZE"
        CAPTURE = "CAPTURE"
        VOID = "VOID"
        REFUND = "REFUND"

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
    # Which total a success moves.
    TOTALS: Final[Mapping[str, str]] = MappingProxyType(
        {
            Kind.AUTHORIZE: "authorized_amount",
            Kind.CAPTURE: "captured_amount",
            Kind.VOID: "voided_amount",
            Kind.REFUND: "refunded_amount",
        }
    )

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="operations")
    saga_id = models.UUIDField(
        null=True, blank=True, help_text="booking's saga that asked, and gets the answer"
    )
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=9, choices=Kind)
    authorization_number = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="of the authorization that it is about"
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.REQUESTED)
    shard = models.PositiveSmallIntegerField()
    amount = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    captured_amount = models.PositiveBigIntegerField(default=0)
    refunded_amount = models.PositiveBigIntegerField(default=0)
    voided_amount = models.PositiveBigIntegerField(default=0)
    payment_token = models.CharField(max_length=200, blank=True, default="")
    processor_reference = models.CharField(max_length=255, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    requested_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "payment_operation"
        constraints = [
            models.UniqueConstraint(fields=["payment", "number"], name="payment_operation_number"),
            models.CheckConstraint(
                condition=Q(amount__gte=F("captured_amount") + F("voided_amount")),
                name="operation_capture_within_authorization",
            ),
            models.CheckConstraint(
                condition=Q(
                    captured_amount__gte=F("refunded_amount"),
                    refunded_amount__gte=0,
                    voided_amount__gte=0,
                ),
                name="operation_refund_within_capture",
            ),
            models.CheckConstraint(
                condition=Q(kind="AUTHORIZE", status="SUCCEEDED")
                | Q(captured_amount=0, voided_amount=0),
                name="operation_follow_ups_of_an_authorization",
            ),
            models.CheckConstraint(
                condition=Q(kind="AUTHORIZE", authorization_number=None)
                | (~Q(kind="AUTHORIZE") & Q(authorization_number__isnull=False)),
                name="operation_names_its_authorization",
            ),
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

    @cached_property
    def authorization(self) -> "Operation | None":
        """The authorization that this is about, as it was when first asked for; nothing for one
        that is about none, or where there is none."""
        if self.authorization_number is None:
            return None
        return self._authorizing().first(payment=self.payment_id, number=self.authorization_number)

    @classmethod
    @cache
    def _authorizing(cls) -> Select["Operation"]:
        return Select(cls._authorizations())

    @classmethod
    def _authorizations(cls) -> "models.QuerySet[Operation]":
        payment, number = (argument(cls, name) for name in ("payment", "number"))
        return cls.objects.filter(payment=payment, number=number, kind=cls.Kind.AUTHORIZE)

    @property
    def is_settled(self) -> bool:
        """Whether it has its definite answer."""
        return self.status not in self.OPEN

    @property
    def is_untouched(self) -> bool:
        """Whether it is an authorization of which everything is still reserved."""
        return (
            self.kind == self.Kind.AUTHORIZE
            and self.status == self.Status.SUCCEEDED
            and not (self.captured_amount or self.voided_amount)
        )

    @classmethod
    def request(cls, payment: Payment, *, number: int, now: datetime, **content: Any) -> bool:
        """Record an operation to be done, unless it has been recorded before.

        Args:
            payment: locked by the caller.
            number: booking's.
            now: when.
            content: saga_id, kind, amount, and what belongs to the kind: payment_token or
                authorization_number.

        Returns:
            Whether it was not there.

        Raises:
            ConflictingRequest: something else was recorded under the number.
        """
        known = None if payment.is_new else cls._knowing().first(payment=payment.pk, number=number)
        if known:
            known._refuse_other(content)
            return False
        operation = cls(
            payment=payment,
            number=number,
            shard=shard_of(str(payment.pk)),
            currency=payment.currency,
            requested_at=now,
            **content,
        )
        insert_later([operation], now_in=("next_attempt_at",))
        LedgerEntry.append_first(operation, now=now)
        nudge_on_commit(OPERATIONS)
        return True

    @classmethod
    @cache
    def _knowing(cls) -> Select["Operation"]:
        payment, number = (argument(cls, name) for name in ("payment", "number"))
        return Select(cls.objects.filter(payment=payment, number=number))

    def _refuse_other(self, content: Mapping[str, Any]) -> None:
        other = [name for name, value in content.items() if getattr(self, name) != value]
        if other:  # named without values: a token is a secret
            raise ConflictingRequest(f"{self} was asked for with another {', '.join(other)}")

    def complete(
        self,
        status: "Operation.Status",
        *,
        reference: str = "",
        reason: str = "",
        amount: int = 0,
        now: datetime,
    ) -> None:
        """Record a definite answer by compare-and-set, and in the ledger.

        Args:
            status: SUCCEEDED or FAILED.
            reference: the processor's.
            reason: why it failed.
            amount: what a total moves by with it.
            now: when.

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
        LedgerEntry.append(self, amount=amount, now=now)

    def postpone(self, reason: str, *, wait: timedelta, now: datetime) -> None:
        """Record that the outcome is unknown, and when to ask again.

        The ledger has it when it becomes unknown, not each time it still is.

        Raises:
            IllegalTransition: the operation has had its answer.
            LostRace: somebody else has recorded one since it was read.
        """
        is_new = self.status != Operation.Status.UNKNOWN
        self._move_to(
            Operation.Status.UNKNOWN,
            reason=reason[:200],
            attempts=self.attempts + 1,
            wait=wait,
        )
        if is_new:
            LedgerEntry.append(self, now=now)

    def hasten(self) -> bool:
        """Have it due now, if it is still open; whether it is."""
        open_still = Operation.objects.filter(pk=self.pk, status__in=self.OPEN)
        nudge_on_commit(OPERATIONS)
        return bool(open_still.update(next_attempt_at=Now()))

    def count_on_authorization(self, amount: int) -> None:
        """Count what this has come to on the authorization that it is about."""
        if self.authorization_number is not None:
            self._counting(self.TOTALS[self.kind]).later(
                payment=self.payment_id, number=self.authorization_number, amount=amount
            )

    @classmethod
    @cache
    def _counting(cls, total: str) -> Update:
        moved = {total: F(total) + argument(cls, total, "amount")}
        return Update(cls._authorizations(), **moved)

    def _move_to(
        self, status: "Operation.Status", *, wait: timedelta | None = None, **changes: Any
    ) -> None:
        """Change status and fields by compare-and-set; what is to be asked again is due after
        `wait`, by the database's clock."""
        if status not in self.TRANSITIONS[self.status]:
            raise IllegalTransition(f"{self}: {self.status} → {status}")
        read = {"pk": self.pk, "read status": self.status, "read attempts": self.attempts}
        moving = self._moving(tuple(changes), wait is not None)
        lost = LostRace(f"{self} has changed since it was read")
        moving.later(1, lost, **read, **changes, status=status, wait=wait)
        self.status = status
        for name, value in changes.items():
            setattr(self, name, value)

    @classmethod
    @cache
    def _moving(cls, changed: tuple[str, ...], waits: bool) -> Update:
        unchanged = cls.objects.filter(
            pk=argument(cls, "pk"),
            status=argument(cls, "status", "read status"),
            attempts=argument(cls, "attempts", "read attempts"),
        )
        changes: dict[str, Any] = {name: argument(cls, name) for name in ("status", *changed)}
        if waits:
            changes["next_attempt_at"] = Now() + Argument("wait", models.DurationField())
        return Update(unchanged, **changes)
