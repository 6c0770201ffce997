"""What was sold lately, for operators."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from booking.models import Reservation, TimelineEntry

# As far as anybody looks back: on a busy day the last minutes are more than a screen needs, and
# every look would read them all. Keys are in the order of time, so that these are found at once.
NEWEST: Final = 10_000
NEWEST_CONFIRMED: Final = 1_000


def counts_by_minute(*, since: datetime) -> dict[datetime, dict[str, int]]:
    """How many reservations were made in each minute, by their status now: of the newest 10,000."""
    counts: dict[datetime, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for created_at, status in _newest().values_list("created_at", "status")[:NEWEST]:
        if created_at >= since:
            counts[created_at.replace(second=0, microsecond=0)][status] += 1
    return {minute: dict(statuses) for minute, statuses in counts.items()}


def confirmation_times(*, since: datetime) -> list[timedelta]:
    """How long reservations took from PENDING to CONFIRMED: of the newest 1,000 that are."""
    confirmed = _newest().filter(status=Reservation.Status.CONFIRMED)
    made = dict(confirmed.values_list("pk", "created_at")[:NEWEST_CONFIRMED])
    recent = {pk: at for pk, at in made.items() if at >= since}
    told = TimelineEntry.objects.filter(reservation__in=recent, entry="confirmed")
    return [at - recent[pk] for pk, at in told.values_list("reservation", "at")]


def _newest() -> QuerySet[Reservation]:
    return Reservation.objects.order_by("-pk")
