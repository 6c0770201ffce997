"""How booking stands, for its operators."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from booking import selectors
from booking.models import Reservation, Saga
from contracts.operations import Backlog, Confirmations, Minute, Reservations
from outbox.pages import admin_page

MINUTES: Final = 15


def backlogs(now: datetime) -> Iterator[Backlog]:
    """The sagas that run, by step, and those that wait for an operator."""
    figures = selectors.figures()
    yield Backlog(
        name="sagas stuck",
        count=sum(row.stuck for row in figures),
        page=admin_page(Saga, state="stuck"),
        needs_operator=True,
    )
    for row in figures:
        yield Backlog(
            name=f"sagas {row.kind} at {row.step}",
            count=row.count,
            oldest_seconds=max(0.0, (now - row.oldest).total_seconds()),
            page=admin_page(Saga, kind__exact=row.kind, step=row.step, state="live"),
        )


def sold(now: datetime) -> Reservations:
    """What was sold in the last minutes, and how fast it was confirmed."""
    since = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    counts = selectors.counts_by_minute(since=since)
    minutes = (since + timedelta(minutes=number) for number in range(MINUTES))
    return Reservations(
        minutes=tuple(Minute(at=at, statuses=counts.get(at, {})) for at in minutes),
        confirmations=_confirmations(selectors.confirmation_times(since=since)),
        page=admin_page(Reservation),
    )


def _confirmations(times: list[timedelta]) -> Confirmations:
    if not times:
        return Confirmations(count=0)
    ordered = sorted(times)
    return Confirmations(
        count=len(ordered), p50_ms=_percentile(ordered, 50), p99_ms=_percentile(ordered, 99)
    )


def _percentile(ordered: list[timedelta], percent: int) -> int:
    """The least time, in milliseconds, that so many percent of them did not exceed."""
    rank = -(-len(ordered) * percent // 100)
    return round(ordered[rank - 1] / timedelta(milliseconds=1))
