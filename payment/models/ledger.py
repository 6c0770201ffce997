"""The ledger: what happened to a payment's operations, one entry each time, for ever."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from django.db import models

from outbox.inserts import insert_later

if TYPE_CHECKING:
    from payment.models.operation import Operation


class AppendOnly(Exception):
    """Somebody has tried to change or remove an entry of the ledger."""


class Entries(models.QuerySet["LedgerEntry"]):
    """Entries are added and read."""

    def update(self, **changes: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly(f"the ledger is not changed: {changes}")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnly("nothing is removed from the ledger")


class LedgerEntry(models.Model):
    """An operation has come to a status.

    `amount` is what one of the payment's totals has moved by with it: nothing unless the operation
    has succeeded. A payment's totals are the sums of its entries.
    """

    payment = models.ForeignKey("payment.Payment", on_delete=models.PROTECT, related_name="ledger")
    operation = models.ForeignKey(
        "payment.Operation", on_delete=models.PROTECT, related_name="entries"
    )
    status = models.CharField(max_length=9)
    amount = models.PositiveBigIntegerField(default=0)
    processor_reference = models.CharField(max_length=255, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    recorded_at = models.DateTimeField()

    objects = Entries.as_manager()

    class Meta:
        db_table = "payment_ledger"
        verbose_name_plural = "ledger entries"

    def __str__(self) -> str:
        return f"{self.operation_id} {self.status}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry.

        Raises:
            AppendOnly: it is in the ledger already.
        """
        if not self._state.adding:
            raise AppendOnly(f"{self} is in the ledger")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnly(f"{self} stays in the ledger")

    @classmethod
    def append(cls, operation: "Operation", *, amount: int = 0, now: datetime) -> None:
        """Note the status that an operation has come to.

        Args:
            operation: as it has become.
            amount: what a total of its payment has moved by.
            now: when.
        """
        insert_later([cls._of(operation, amount, now)])

    @classmethod
    def append_first(cls, operation: "Operation", *, now: datetime) -> None:
        """Note the status of an operation that was inserted just before, whose number nobody has
        waited for."""
        insert_later([cls._of(operation, 0, now)], last_in=("operation",))

    @classmethod
    def _of(cls, operation: "Operation", amount: int, now: datetime) -> "LedgerEntry":
        return cls(
            payment_id=operation.payment_id,
            operation_id=operation.pk,
            status=operation.status,
            amount=amount,
            processor_reference=operation.processor_reference,
            reason=operation.reason,
            recorded_at=now,
        )
