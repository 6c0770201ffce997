"""The aggregate that publishes, and the effect of what is received."""

from django.db import models
from uuid_utils.compat import uuid7

from outbox.models import EventSource


class Parcel(EventSource):
    """An aggregate with events."""

    id = models.UUIDField(primary_key=True, default=uuid7)

    class Meta:
        db_table = "parcel"

    def __str__(self) -> str:
        return str(self.id)


class Effect(models.Model):
    """One row for every event that was applied; times are CLOCK_MONOTONIC's nanoseconds."""

    sent_ns = models.BigIntegerField()
    handled_ns = models.BigIntegerField()

    class Meta:
        db_table = "effect"

    def __str__(self) -> str:
        return f"{self.sent_ns} → {self.handled_ns}"
