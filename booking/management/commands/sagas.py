"""`manage.py sagas`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from booking import selectors
from outbox.management.base import OperatorCommand

SHOWN: Final = 20


class Command(OperatorCommand):
    """A thin door to `booking.selectors.sagas`."""

    help = "Show how many sagas are at which step, how long, and which of them are stuck."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what there is."""
        for line in (*_steps(timezone.now()), *_stuck()):
            self.stdout.write(line)


def _steps(now: datetime) -> Iterator[str]:
    figures = selectors.figures()
    if not figures:
        yield "no saga is running"
        return
    yield f"{'kind':<10} {'step':<12} {'sagas':>7} {'stuck':>6}  oldest"
    for row in figures:
        age = (now - row.oldest).total_seconds()
        yield f"{row.kind:<10} {row.step:<12} {row.count:>7} {row.stuck:>6}  {age:.0f} s"


def _stuck() -> Iterator[str]:
    stuck = selectors.stuck_sagas()
    for saga in stuck[:SHOWN]:
        where = f"{saga.reservation.record_locator} {saga} ({saga.pk})"
        yield f"stuck since {saga.stuck_at:%Y-%m-%d %H:%M:%S}: {where}: {saga.last_error}"
    if (more := stuck.count() - SHOWN) > 0:
        yield f"and {more} more; the admin lists them"
