"""Rows of the outbox library's models, for services' admin tests."""

from datetime import datetime, timedelta

from outbox.models import AuditEntry, ConsumerStart, HeldMessage, InboxMark, Lease, Worker


def rows_of_the_engine(now: datetime) -> None:
    """A row of every model that a service's own work does not make."""
    later = now + timedelta(days=1)
    InboxMark.objects.create(consumer="c", source="s", key="k", sequence=1)
    Lease.objects.create(group="relay", shard=0, owner="a", expires_at=later)
    Worker.objects.create(group="relay", name="a", expires_at=later)
    ConsumerStart.objects.create(consumer="c", topic="t", is_complete=True, started_at=now)
    AuditEntry.objects.create(
        at=now, actor="admin", action=AuditEntry.Action.REPLAY, subject="k", reason="mended"
    )
    HeldMessage.objects.create(
        consumer="c",
        topic="t",
        partition=0,
        offset=0,
        headers=[["ce_type", "t"]],
        payload=b"{}",
        reason=HeldMessage.Reason.FAILED,
        held_at=now,
    )
