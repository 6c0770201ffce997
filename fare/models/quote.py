"""What booking was told that a reservation costs."""

from datetime import datetime
from functools import cache
from typing import Final
from uuid import UUID

import msgspec
from django.db import models
from django.db.models import Q

from contracts.fare import FareEvent, FareQuoted, FareRefused
from outbox.inserts import insert_later
from outbox.models import EventSource
from outbox.prepared import Select, Update, argument
from outbox.transactions import LostRace

KEPT: Final = (
    *("saga_id", "asked_at", "amount", "currency", "fare_basis", "refusal"),
    *("answer", "updated_at"),
)


class Quote(EventSource):
    """The last answer about one reservation; never deleted.

    `answer` is the payload of the event that told it. A quote has either a price or a refusal.
    """

    reservation_id = models.UUIDField(primary_key=True)
    saga_id = models.UUIDField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    amount = models.PositiveBigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    fare_basis = models.CharField(max_length=26, blank=True, default="")
    refusal = models.CharField(max_length=60, blank=True, default="")
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "quote"
        constraints = [
            models.CheckConstraint(
                condition=Q(saga_id=None, amount=None, refusal="")
                | Q(saga_id__isnull=False, amount__isnull=False, refusal="")
                | (Q(saga_id__isnull=False, amount=None) & ~Q(refusal="")),
                name="quote_price_or_refusal",
            )
        ]

    def __str__(self) -> str:
        return f"quote for {self.reservation_id}"

    @classmethod
    def locked(cls, reservation_id: UUID, *, now: datetime) -> "Quote":
        """The reservation's quote, locked until the transaction ends; a new one, which is not
        stored yet, if there is none."""
        return cls._locking().first(pk=reservation_id) or cls.new(
            reservation_id=reservation_id, created_at=now, updated_at=now
        )

    def told(self, saga_id: UUID) -> FareEvent | None:
        """What a saga was answered, if this is the last that was."""
        if self.saga_id != saga_id:
            return None
        of_type = FareRefused if self.refusal else FareQuoted
        return msgspec.convert(self.answer, of_type)

    def keep(self, event: FareQuoted | FareRefused, *, asked_at: datetime, now: datetime) -> None:
        """Keep an answer, in place of the one before.

        Raises:
            LostRace: somebody else has just made the reservation's quote.
        """
        self.saga_id, self.asked_at, self.updated_at = event.saga_id, asked_at, now
        self.answer = msgspec.to_builtins(event)
        self.fare_basis = (
            event.price.fare_basis if isinstance(event, FareQuoted) else event.fare_basis
        ) or ""
        if isinstance(event, FareQuoted):
            self.amount, self.currency, self.refusal = event.price.total, event.price.currency, ""
        else:
            self.amount, self.currency, self.refusal = None, "", event.reason.code
        if self._state.adding:
            self._make()
        else:
            self._keeping().later(pk=self.pk, **{name: getattr(self, name) for name in KEPT})

    def _make(self) -> None:
        lost = LostRace(f"{self} was made by somebody else")
        insert_later([self], refused=lambda _: lost)

    @classmethod
    @cache
    def _locking(cls) -> Select["Quote"]:
        return Select(cls._one().select_for_update())

    @classmethod
    @cache
    def _keeping(cls) -> Update:
        return Update(cls._one(), **{name: argument(cls, name) for name in KEPT})

    @classmethod
    def _one(cls) -> "models.QuerySet[Quote]":
        return cls.objects.filter(pk=argument(cls, "pk"))
