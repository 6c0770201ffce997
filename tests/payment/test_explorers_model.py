"""Booking's explorer trusts a model of payment. The real service does nothing that the model does
not, and the model foresees nothing that the real service never does, but for its surprises.

Four requests about one authorization in every order, asked again in between, and every answer of a
processor: played to the real handlers and to the model side by side.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from uuid_utils.compat import uuid7

from contracts.booking import PaymentRequested
from outbox import registry
from outbox.events import history
from outbox.models import SHARDS, OutboxEvent
from payment import selectors, services
from payment.handlers import BOOKINGS
from payment.models import Operation, Payment
from payment.processors import Approved, Declined, OutcomeUnknown
from payment.services import Outcome
from tests.booking.explorer.payments import Answer, Payments, Request
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW

pytestmark = pytest.mark.django_db

Kind, Status = Operation.Kind, Operation.Status
DEFINITE: Final[tuple[Outcome, ...]] = (Approved(reference="ref"), Declined(reason="refused"))
ANSWERS: Final[tuple[Outcome, ...]] = (*DEFINITE, OutcomeUnknown("timed out"))


class Step(NamedTuple):
    """Something happens: a request is read, or the processor answers what has its turn."""

    request: PaymentRequested | None = None
    outcome: Outcome | None = None


class Seen(NamedTuple):
    """What matters of payment's database."""

    operations: tuple[tuple[str, str], ...]
    charged: int
    refunded: int
    holds: bool


class Real:
    """Payment itself, about one reservation."""

    def __init__(self) -> None:
        self.reservation_id = uuid7()
        self.requests = [
            factories.requested(self.reservation_id),
            *(
                factories.follow_up(kind, self.reservation_id, number=number)
                for number, kind in enumerate(factories.FOLLOW_UPS, start=2)
            ),
        ]

    def take(self, step: Step) -> list[Answer]:
        """What payment says to a step."""
        before = self._history().count()
        if step.request:
            BOOKINGS[step.request.type](step.request)
        else:
            self._work(step.outcome)
        return self._told(before)

    def _work(self, outcome: Any) -> None:
        operation = self.due()
        assert operation
        if operation.kind == Kind.AUTHORIZE or not services.settle_without_asking(
            operation, now=NOW
        ):
            services.record_outcomes({operation.pk: outcome}, now=NOW)
            Operation.objects.update(next_attempt_at=NOW)

    def due(self) -> Operation | None:
        """What has its turn."""
        due = selectors.due_operations(shards=range(SHARDS), besides=[], limit=1)
        return due[0] if due else None

    def _told(self, before: int) -> list[Answer]:
        return [
            _said(row.type, registry.decode(row.type, row.payload.encode()))
            for row in self._history()[before:]
        ]

    def _history(self) -> QuerySet[OutboxEvent]:
        return history(str(self.reservation_id))

    def seen(self) -> Seen:
        """What it has come to."""
        payment = Payment.objects.filter(pk=self.reservation_id).first()
        if payment is None:
            return Seen((), 0, 0, holds=False)
        operations = payment.operations.order_by("id").values_list("kind", "status")
        return Seen(
            tuple(operations),
            payment.captured_amount // AMOUNT,
            payment.refunded_amount // AMOUNT,
            payment.authorized_amount > payment.captured_amount + payment.voided_amount,
        )


def _said(type_: str, event: Any) -> Answer:
    of = getattr(event, "authorization_number", 0)
    return Answer(type_.split(".")[1], 0, event.operation_number, of)


def _asked(request: PaymentRequested) -> Request:
    of = getattr(request, "authorization_number", 0)
    return Request(type(request).__name__, 0, request.operation_number, of)


class Lockstep:
    """Plays every way to both.

    Args:
        repeats: how often something is asked that was asked before.

    Attributes:
        given: which requests the real service has answered, and how.
        foreseen: which answers the model had for them at one time or another.
        steps: how many were played.
    """

    def __init__(self, *, repeats: int) -> None:
        self.real = Real()
        self.repeats = repeats
        self.given: set[tuple[str, str]] = set()
        self.foreseen: set[tuple[str, str]] = set()
        self.steps = 0
        self._known: set[tuple[Seen, Payments, tuple[int, ...]]] = set()

    def run(self) -> None:
        """Play everything."""
        self._go_on(Payments(refusals=1, surprises=1), (0,) * len(self.real.requests))

    def _go_on(self, model: Payments, asked: tuple[int, ...]) -> None:
        here = (self.real.seen(), model, asked)
        if here in self._known:
            return
        self._known.add(here)
        for step in self._steps(asked):
            point = transaction.savepoint()
            self._play(step, model, asked)
            transaction.savepoint_rollback(point)

    def _steps(self, asked: tuple[int, ...]) -> Iterator[Step]:
        for request, times in zip(self.real.requests, asked, strict=True):
            if not times or sum(asked) - sum(map(bool, asked)) < self.repeats:
                yield Step(request=request)
        if due := self.real.due():
            for outcome in ANSWERS if due.status != Status.UNKNOWN else DEFINITE:
                yield Step(outcome=outcome)

    def _play(self, step: Step, model: Payments, asked: tuple[int, ...]) -> None:
        self.steps += 1
        answers = self.real.take(step)
        if step.request:
            number = self.real.requests.index(step.request)
            asked = tuple(times + (at == number) for at, times in enumerate(asked))
            model, _ = model.ask(_asked(step.request))
        after = self._follow(model, answers)
        self._go_on(after, asked)

    def _follow(self, model: Payments, answers: list[Answer]) -> Payments:
        """The model, once it has said what the real service said."""
        asked = {one.request.number: one.request.event for one in model.operations}
        self.foreseen |= {
            (asked[answer.number], answer.event)
            for after, answer in model.outcomes()
            if after.surprises == model.surprises
        }
        for answer in answers:
            self.given.add((asked[answer.number], answer.event))
            ways = [after for after, foreseen in model.outcomes() if foreseen == answer]
            assert ways, f"{answer}: none of the model's at {model}"
            same = [after for after in ways if self._is_so(after)]
            assert same, f"{self.real.seen()} after {answer}: the model has {ways}"
            model = same[0]
        return model

    def _is_so(self, model: Payments) -> bool:
        """Whether payment's account is the model's."""
        seen = self.real.seen()
        account = (seen.charged, seen.refunded, seen.holds)
        return account == (model.charged, model.refunded, model.holds)


@pytest.mark.parametrize("repeats", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.skipif(connection.vendor != "sqlite", reason="played on SQLite; MariaDB has the races")
def test_the_real_service_answers_as_the_explorers_model_does(repeats: int) -> None:
    lockstep = Lockstep(repeats=repeats)
    lockstep.run()
    assert lockstep.steps > 500
    assert lockstep.given == lockstep.foreseen
