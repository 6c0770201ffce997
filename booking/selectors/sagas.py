"""How the sagas stand, for operators."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, QuerySet

from booking.models import Saga


@dataclass(frozen=True)
class StepFigures:
    """The live sagas at one step.

    Args:
        kind: what they are for.
        step: where they are.
        count: how many there are.
        stuck: how many of them wait for an operator.
        oldest: since when the first of them is there.
    """

    kind: str
    step: str
    count: int
    stuck: int
    oldest: datetime


def live_sagas() -> QuerySet[Saga]:
    """Those that have not come to their end."""
    return Saga.objects.exclude(live=None)


def stuck_sagas() -> QuerySet[Saga]:
    """Those that wait for an operator, the longest first, with their reservations."""
    stuck = live_sagas().exclude(stuck_at=None)
    return stuck.select_related("reservation").order_by("stuck_at")


def slow_sagas(since: datetime) -> QuerySet[Saga]:
    """Live ones that have been at their step since then, or longer."""
    return live_sagas().filter(entered_at__lte=since)


def figures() -> list[StepFigures]:
    """The live sagas by kind and step."""
    grouped = live_sagas().values("kind", "step").order_by("kind", "step")
    rows = grouped.annotate(count=Count("pk"), stuck=Count("stuck_at"), oldest=Min("entered_at"))
    return [StepFigures(**row) for row in rows]
