"""Where partners get webhooks."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

# Standard Webhooks: 24 to 64 bytes, shown with this prefix in base64.
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 (no secret)
SECRET_BYTES: Final = 32
# So long may every attempt fail before an endpoint gets nothing any more.
LASTING: Final = timedelta(hours=72)


def new_secret() -> str:
    """A secret to sign with, as partners are given it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


class Endpoint(models.Model):
    """A partner's address for webhooks, and the events that it wants.

    `customer_id` is whose it is: a customer's gets what is about their reservations and no others.
    The airline's own, which have none, get everything.

    While a secret is being replaced there are two, and each message is signed with both.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    customer_id = models.CharField(max_length=150, blank=True, default="", db_default="")
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True, default="")
    event_types = models.JSONField(
        default=list, blank=True, help_text="such as booking.TicketsIssued.v1; none means all"
    )
    secret = models.CharField(max_length=100, default=new_secret)
    previous_secret = models.CharField(max_length=100, blank=True, default="")
    is_enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=300, blank=True, default="")
    failing_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "notification_endpoint"
        indexes = [models.Index(fields=["customer_id", "id"], name="notification_of_customer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_enabled=False) | Q(disabled_reason=""),
                name="notification_enabled_without_reason",
            )
        ]

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def secrets(self) -> Sequence[str]:
        """What to sign with, the newest first."""
        return [secret for secret in (self.secret, self.previous_secret) if secret]

    def wants(self, event_type: str, *, customer_id: str) -> bool:
        """Whether it gets events of this type about a customer's reservations."""
        is_theirs = self.customer_id in ("", customer_id)
        is_wanted = not self.event_types or event_type in self.event_types
        return self.is_enabled and is_theirs and is_wanted

    def rotate(self) -> None:
        """Sign with a new secret and, until the next rotation, with the one before."""
        self.previous_secret, self.secret = self.secret, new_secret()
        self.save(update_fields=["secret", "previous_secret"])

    def enable(self) -> None:
        """Send to it again, from the next event on."""
        self.is_enabled, self.disabled_reason, self.failing_since = True, "", None
        self.save(update_fields=["is_enabled", "disabled_reason", "failing_since"])

    def disable(self, reason: str) -> None:
        """Send nothing any more."""
        Endpoint.objects.filter(pk=self.pk, is_enabled=True).update(
            is_enabled=False, disabled_reason=reason[:300]
        )

    def note_success(self) -> None:
        """It answers: whatever was before counts no more."""
        Endpoint.objects.filter(pk=self.pk, failing_since__isnull=False).update(failing_since=None)

    def note_failure(self, told: str, *, now: datetime) -> None:
        """Count a failure; the endpoint is disabled when there was nothing else for `LASTING`."""
        Endpoint.objects.filter(pk=self.pk, failing_since=None).update(failing_since=now)
        if self.failing_since and now - self.failing_since >= LASTING:
            self.disable(f"nothing but failures since {self.failing_since:%Y-%m-%d %H:%M}: {told}")
