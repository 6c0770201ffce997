"""What services say of themselves, as the pages are told it in tests."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from contracts.operations import (
    Backlog,
    Confirmations,
    Lag,
    Minute,
    Operations,
    Owners,
    Reservations,
)
from web.gateway import NoAnswer

NOW: Final = datetime(2040, 1, 10, 12, 0, tzinfo=UTC)


def sold(*counts: dict[str, int], confirmed: int = 0) -> Reservations:
    """So many reservations in the minutes from NOW on."""
    minutes = [
        Minute(at=NOW + timedelta(minutes=number), statuses=one)
        for number, one in enumerate(counts)
    ]
    times = {"p50_ms": 120, "p99_ms": 480} if confirmed else {}
    confirmations = Confirmations(count=confirmed, **times)
    return Reservations(
        minutes=tuple(minutes), confirmations=confirmations, page="/admin/booking/reservation/"
    )


def backlog(name: str = "events to publish", **facts: Any) -> Backlog:
    """Something that waits."""
    return Backlog(**{"name": name, "count": 0, "page": "/admin/outbox/outboxevent/", **facts})


def said(service: str, **facts: Any) -> Operations:
    """A service where nothing waits."""
    told = {
        "at": NOW,
        "admin_url": f"http://{service}.test",
        "backlogs": (backlog(),),
        "owners": (
            Owners(group="relay", workers={"one": 64}, unowned=0, page="/admin/outbox/lease/"),
        ),
        "lags": (Lag(consumer="bookings", messages=0),),
        **facts,
    }
    return Operations(service=service, **told)


class FakeGateway:
    """Answers for services as it was told to; the others do not answer."""

    def __init__(self, *answers: Operations) -> None:
        self.keys: set[str] = set()
        self.answers = {f"/api/ops/{one.service}": msgspec.json.encode(one) for one in answers}

    def noted(self, note: str) -> "FakeGateway":
        """Whoever it is for."""
        return self

    def get(self, path: str, key: str) -> bytes:
        """What it was told."""
        self.keys.add(key)
        if path not in self.answers:
            raise NoAnswer("Nobody is at home.")
        return self.answers[path]

    def knows(self, key: str) -> bool:
        """Every key but one."""
        return key != "unknown"
