"""The way of one reservation through the services, told in the order in which it happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any


@dataclass(frozen=True)
class Step:
    """Something that happened to the reservation in a service."""

    at: datetime
    service: str
    text: str


def from_timeline(service: str, entries: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The steps in a reservation's timeline: `{"at", "entry", "detail"}` each."""
    return [
        Step(
            _time(entry["at"]), service, ": ".join(filter(None, (entry["entry"], entry["detail"])))
        )
        for entry in entries
    ]


def from_history(service: str, rows: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The published rows of an outbox: `{"type", "topic", "published_at", …}` each."""
    return [
        Step(_time(row["published_at"]), service, f"{_event(row['type'])} published")
        for row in rows
        if row["published_at"]
    ]


def from_operations(service: str, operations: Iterable[Mapping[str, Any]]) -> list[Step]:
    """What was asked of the card processor, and when it answered: a payment's `operations`."""
    steps = []
    for operation in operations:
        kind = str(operation["kind"]).lower()
        steps.append(Step(_time(operation["requested_at"]), service, f"{kind} recorded, committed"))
        if operation["completed_at"]:
            answer = (
                f"{kind} {str(operation['status']).lower()}: {operation['processor_reference']}"
            )
            steps.append(Step(_time(operation["completed_at"]), service, answer))
    return steps


def told(steps: Sequence[Step]) -> list[str]:
    """One line for each step, with the milliseconds since the first. Of those of one moment, each
    service's stay in the order in which it told them."""
    ordered = sorted(steps, key=attrgetter("at"))
    return [
        f"{_after(ordered[0], step):+7.0f} ms  {step.service:<8} {step.text}" for step in ordered
    ]


def _after(first: Step, step: Step) -> float:
    """Milliseconds from one step to another."""
    return (step.at - first.at).total_seconds() * 1000


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _event(name: str) -> str:
    """`PaymentAuthorized` of `payment.PaymentAuthorized.v1`."""
    return name.split(".")[1] if name.count(".") == 2 else name
