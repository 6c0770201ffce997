"""Payments and their running totals."""

from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from outbox.inserts import insert_later
from outbox.models import EventSource
from outbox.prepared import Look, Select, Update, argument
from outbox.transactions import LostRace


class OtherCurrency(Exception):
    """A request in a currency that is not the payment's."""


class Payment(EventSource):
    """All that was asked of the card for one reservation; never deleted.

    Amounts are in minor units of `currency`. Running totals move in the transaction of the
    operation that causes them. `owed_amount` is what the reservation's own events say is to be
    kept in the end; nothing while none of them has said. `customer_id` is whose the reservation is;
    empty while no authorization has said so, and then nobody but the staff is shown the payment.
    """

    # Whether this transaction has made it: then there is no operation of it yet.
    is_new = False

    reservation_id = models.UUIDField(primary_key=True)
    customer_id = models.CharField(max_length=150, blank=True, default="", db_default="")
    currency = models.CharField(max_length=3)
    authorized_amount = models.PositiveBigIntegerField(default=0)
    captured_amount = models.PositiveBigIntegerField(default=0)
    refunded_amount = models.PositiveBigIntegerField(default=0)
    voided_amount = models.PositiveBigIntegerField(default=0)
    owed_amount = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payment"
        indexes = [models.Index(fields=["customer_id", "reservation_id"], name="payment_customer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    authorized_amount__gte=0,
                    captured_amount__gte=0,
                    refunded_amount__gte=0,
                    voided_amount__gte=0,
                ),
                name="payment_nothing_negative",
            ),
            models.CheckConstraint(
                condition=Q(authorized_amount__gte=F("captured_amount") + F("voided_amount")),
                name="payment_capture_within_authorization",
            ),
            models.CheckConstraint(
                condition=Q(captured_amount__gte=F("refunded_amount")),
                name="payment_refund_within_capture",
            ),
        ]

    def __str__(self) -> str:
        return f"payment for {self.reservation_id}"

    @classmethod
    def locked(
        cls, reservation_id: UUID, *, currency: str, now: datetime, customer_id: str = ""
    ) -> "Payment":
        """The reservation's payment, made if there is none, locked until the transaction ends.

        Whoever adds an operation has it locked, so that operations get their ids in the order in
        which they are committed.

        Raises:
            OtherCurrency: the payment is in another currency.
            LostRace: somebody else is just making it.
        """
        payment = cls._locking().first(pk=reservation_id)
        if payment is None:
            return cls._made(reservation_id, customer_id, currency, now)
        if payment.currency != currency:
            raise OtherCurrency(f"{payment} is in {payment.currency}, not {currency}")
        payment.belongs_to(customer_id)
        return payment

    @classmethod
    def _made(
        cls, reservation_id: UUID, customer_id: str, currency: str, now: datetime
    ) -> "Payment":
        payment = cls(
            pk=reservation_id,
            customer_id=customer_id,
            currency=currency,
            created_at=now,
            updated_at=now,
        )
        payment.is_new = True
        # Another process has made it since: begin again, and find it.
        lost = LostRace(f"{payment} was made by somebody else")
        insert_later([payment], refused=lambda _: lost)
        return payment

    @classmethod
    def look(cls, reservation_id: UUID) -> Look:
        """What `locked` reads."""
        return cls._locking().rows, {"pk": reservation_id}

    @classmethod
    @cache
    def _locking(cls) -> Select["Payment"]:
        return Select(cls._one().select_for_update())

    def belongs_to(self, customer_id: str) -> None:
        """Note whose it is, if that is known; it stays theirs."""
        if customer_id and not self.customer_id:
            Payment.objects.filter(pk=self.pk, customer_id="").update(customer_id=customer_id)
            self.customer_id = customer_id

    @property
    def kept_amount(self) -> int:
        """What the customer has paid and not got back."""
        return self.captured_amount - self.refunded_amount

    @property
    def excess_amount(self) -> int:
        """What was kept beyond what is owed; nothing while nobody has said what is."""
        return 0 if self.owed_amount is None else max(0, self.kept_amount - self.owed_amount)

    def add(self, total: str, amount: int, *, now: datetime) -> None:
        """Move one of the running totals, `authorized_amount` and so on, by so much."""
        self._adding(total).later(pk=self.pk, amount=amount, updated_at=now)
        setattr(self, total, getattr(self, total) + amount)
        self.updated_at = now

    def owe(self, amount: int, *, now: datetime) -> None:
        """Note what is to be kept in the end."""
        self._owing().later(pk=self.pk, owed_amount=amount, updated_at=now)
        self.owed_amount, self.updated_at = amount, now

    @classmethod
    @cache
    def _adding(cls, total: str) -> Update:
        moved = {total: F(total) + argument(cls, total, "amount")}
        return Update(cls._one(), **moved, updated_at=argument(cls, "updated_at"))

    @classmethod
    @cache
    def _owing(cls) -> Update:
        changes = {name: argument(cls, name) for name in ("owed_amount", "updated_at")}
        return Update(cls._one(), **changes)

    @classmethod
    def _one(cls) -> "models.QuerySet[Payment]":
        return cls.objects.filter(pk=argument(cls, "pk"))
