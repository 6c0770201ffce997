"""Waiting until nothing moves any more, and noting what moved for how long."""

import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from chaos.databases import Databases
from chaos.invariants.effects import CONSUMERS

LOOK_SECONDS: Final = 1.0

UNFINISHED: Final = """
    SELECT id FROM reservation WHERE status = 'PENDING'
    UNION SELECT live FROM saga WHERE live IS NOT NULL
    """
# What still has to be done, by service.
TO_DO: Final = (
    *((service, "outbox_event WHERE state <> 'PUBLISHED'") for service in CONSUMERS),
    *((service, "outbox_held_message") for service in (*CONSUMERS, "notification")),
    ("payment", "payment_operation WHERE status IN ('REQUESTED', 'UNKNOWN')"),
    ("notification", "notification_delivery WHERE status = 'PENDING'"),
)
READ: Final = "SELECT COALESCE(SUM(sequence), 0) AS done FROM outbox_inbox_mark WHERE consumer = %s"


class Settling:
    """What of a run has not come to rest.

    `open_until` has, for each reservation that was seen unfinished, when it last was.
    """

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self.open_until: dict[str, float] = {}

    def wait(self, patience: float, tell: Callable[[str], None]) -> float:
        """Wait until nothing is left to be done, but no longer; how many seconds that took."""
        begun = time.time()
        while time.time() - begun < patience:
            left = self.left()
            if not left:
                break
            tell(f"settling {time.time() - begun:4.0f} s: " + ", ".join(left))
            time.sleep(LOOK_SECONDS)
        return time.time() - begun

    def left(self) -> list[str]:
        """What is still to be done, in words."""
        return [f"{count} {what}" for what, count in self._counts().items() if count]

    def _counts(self) -> dict[str, int]:
        counts = {"unfinished": len(self._unfinished())}
        for service, what in TO_DO:
            table = f"{service} {what.partition(' ')[0]}"
            counts[table] = self._databases.count(service, what)
        for source, consumers in CONSUMERS.items():
            published = self._databases.count(source, "outbox_event")
            for service, consumer in consumers:
                [row] = self._databases.rows(service, READ, [consumer])
                counts[f"{service} behind {source}"] = published - int(row["done"])
        return counts

    def _unfinished(self) -> list[str]:
        now = time.time()
        found = [identity(row["id"]) for row in self._databases.rows("booking", UNFINISHED)]
        self.open_until |= dict.fromkeys(found, now)
        return found


def identity(value: Any) -> str:
    """An id as events have it, however the database gives it."""
    return str(UUID(str(value))) if value is not None else ""
