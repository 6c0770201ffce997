"""Payments and their events."""

from django.db import models

from bench.baseline.outbox import AppliedMessage, OutboxRow
from bench.baseline.topics import PAYMENTS


class Payment(models.Model):
    """What was authorized for a reservation."""

    reservation_id = models.UUIDField(primary_key=True)
    status = models.CharField(max_length=10, default="AUTHORIZED")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.reservation_id} {self.status}"


class PaymentOutboxRow(OutboxRow):
    """An event of payment's."""

    topic = models.CharField(max_length=100, default=PAYMENTS)


class PaymentAppliedMessage(AppliedMessage):
    """An event that payment has applied."""
