"""What was answered to a request, by the key that the client gave it."""

from contextlib import suppress
from datetime import timedelta
from typing import Final, Self
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

KEPT: Final = timedelta(hours=24)
# Longer than any request takes: after it whoever claimed the key is taken for dead.
CLAIM: Final = timedelta(seconds=30)
PURGED_AT_ONCE: Final = 1000


class ClaimLost(Exception):
    """A request took so long that another one with its key was taken for the first."""


class IdempotencyKey(models.Model):
    """A customer's key, the request it was first seen with, and the answer.

    The row is made by a claim, before the request is done, and the answer is written in the
    transaction of the request's effect, by who has the claim. A claim whose owner has died runs out
    on the database's clock and is taken over: the dead owner's transaction, should it live after
    all, finds its claim gone at its last statement and takes everything back.
    """

    customer_id = models.CharField(max_length=150)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    claim = models.UUIDField()
    claimed_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "idempotency_key"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "key"], name="idempotency_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.status or 'under way'}"

    @classmethod
    def claimed(cls, customer_id: str, key: str, fingerprint: str) -> tuple[Self, bool]:
        """The row of a key, made if there is none, and whether it is this caller's to answer."""
        claim, whose = uuid7(), {"customer_id": customer_id, "key": key}
        facts = {"fingerprint": fingerprint, "claim": claim, "claimed_until": Now() + CLAIM}
        new = {**facts, "created_at": Now()}
        # Nearly every key is new: it costs one statement, and only a known one is looked up.
        with suppress(IntegrityError), transaction.atomic():
            return cls.objects.create(**whose, **new), True
        cls._old().filter(**whose).delete()
        with transaction.atomic():
            row, made = cls.objects.get_or_create(**whose, defaults=new)
        return row, made or row._take_over(claim)

    def _take_over(self, claim: UUID) -> bool:
        dead = self._unanswered().filter(claimed_until__lte=Now())
        taken = dead.update(claim=claim, claimed_until=Now() + CLAIM)
        if taken:
            self.claim = claim
        return bool(taken)

    def is_under_way(self) -> bool:
        """Whether who has the claim has neither answered nor given up."""
        return self._unanswered().exists()

    def answer(self, *, status: int, headers: dict[str, str], body: bytes) -> None:
        """Write the answer.

        Raises:
            ClaimLost: the claim has run out and somebody else has taken it over.
        """
        if not self._unanswered().update(status=status, headers=headers, body=body):
            raise ClaimLost(f"the claim on a key of {self.customer_id} has run out")

    def give_up(self) -> None:
        """Let the next request with this key be the first."""
        self._unanswered().delete()

    def _unanswered(self) -> "QuerySet[IdempotencyKey]":
        """The row, as long as the claim is the one that was read."""
        return IdempotencyKey.objects.filter(pk=self.pk, claim=self.claim, status=None)

    @classmethod
    def _old(cls) -> "QuerySet[Self]":
        return cls.objects.filter(created_at__lte=Now() - KEPT)

    @classmethod
    def purge_chunk(cls) -> int:
        """Delete old keys among the oldest; returns how many. The oldest are first by id: what it
        costs does not grow with what stays."""
        oldest = list(cls.objects.order_by("id").values_list("id", flat=True)[:PURGED_AT_ONCE])
        deleted, _ = cls._old().filter(id__in=oldest).delete()
        return deleted
