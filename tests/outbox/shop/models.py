"""The shop's aggregate, and the effects of what it receives."""

import uuid

from django.db import models

from outbox.models import EventSource


class Order(EventSource):
    """An aggregate with events."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.id)


class Effect(models.Model):
    """One row for every time a handler ran."""

    text = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.text
