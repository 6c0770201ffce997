"""The outbox and the inbox as a tutorial has them: both services' tables are like these."""

import uuid

from django.db import models


class OutboxRow(models.Model):
    """An event that is to be published."""

    event_id = models.UUIDField(default=uuid.uuid4, unique=True)
    topic = models.CharField(max_length=100)
    key = models.CharField(max_length=36)
    type = models.CharField(max_length=100)
    payload = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


class AppliedMessage(models.Model):
    """An event that was applied."""

    event_id = models.UUIDField(primary_key=True)
    applied_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.event_id)
