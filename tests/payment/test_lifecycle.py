"""Whatever is asked, in whatever order, with whatever dying in between: the books are right.

Booking's requests, a worker's steps, crashes and webhooks are drawn by Hypothesis; the processor is
the simulator, with books of its own. No step needs a thread, so that each run can be repeated.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from contracts.registry import EVENTS
from outbox.models import OutboxEvent
from payment import selectors, services
from payment.models import IllegalTransition, LedgerEntry, Operation, Payment
from payment.operations import request_for
from payment.processors import Answer, Approved, OutcomeUnknown, ask
from payment.processors.simulator import Simulator
from payment.processors.tokens import COURSES
from tests.payment import factories
from tests.payment.factories import NOW

pytestmark = pytest.mark.django_db

TOTALS: Final = {
    "AUTHORIZE": "authorized_amount",
    "CAPTURE": "captured_amount",
    "VOID": "voided_amount",
    "REFUND": "refunded_amount",
}
AMOUNTS: Final = st.sampled_from([1, 40, 60, 100])
NUMBERS: Final = st.integers(1, 4)

Step = tuple[Any, ...]

requests = st.one_of(
    st.tuples(st.just("authorize"), NUMBERS, AMOUNTS, st.sampled_from(["tok_approve", *COURSES])),
    st.tuples(
        st.just("follow_up"), st.sampled_from(["CAPTURE", "VOID", "REFUND"]), NUMBERS, AMOUNTS
    ),
    st.tuples(st.just("repeat"), st.integers(0, 9)),
)
work = st.sampled_from([("work",), ("crash",), ("late",), ("webhook",)])
steps = st.lists(st.one_of(requests, work), min_size=4, max_size=24)


class World:
    """One reservation's payment, booking that asks, a worker, and the processor.

    Args:
        simulator: the processor.
    """

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.key = uuid7()
        self.asked: list[Any] = []
        self.behind: list[tuple[Operation, Answer]] = []  # answers of a worker that is late

    def run(self, drawn: list[Step]) -> None:
        for name, *facts in drawn:
            getattr(self, name)(*facts)
            self.assert_legal()
        self.drain()

    def authorize(self, number: int, amount: int, token: str) -> None:
        event = factories.requested(self.key, number=number, amount=amount, token=token)
        if self._is_free(number):
            services.request_authorization(event, now=NOW)
            self.asked.append(event)

    def follow_up(self, kind: str, of: int, amount: int) -> None:
        number = 5 + len(self.asked)
        event = factories.follow_up(kind, self.key, number=number, of=of, amount=amount)
        services.request_follow_up(event, now=NOW)
        self.asked.append(event)

    def repeat(self, index: int) -> None:
        """Booking asks for the same again."""
        if not self.asked:
            return
        event = self.asked[index % len(self.asked)]
        if hasattr(event, "payment_token"):
            services.request_authorization(event, now=NOW)
        else:
            services.request_follow_up(event, now=NOW)

    def work(self) -> None:
        """Do what is due, and record what comes of it."""
        for operation, answer in self._ask():
            self._record(operation, answer)

    def crash(self) -> None:
        """Do what is due, and die before anything is recorded."""
        list(self._ask())

    def late(self) -> None:
        """Do what is due, and record it much later, when others have gone on."""
        self.behind += self._ask()

    def webhook(self) -> None:
        """The processor tells all that it has done, again."""
        for line in self.simulator.transactions():
            services.receive_outcome(line, now=NOW)

    def drain(self) -> None:
        """In the end nobody dies any more."""
        for _ in range(100):
            if not Operation.objects.filter(payment=self.key, status__in=Operation.OPEN).exists():
                break
            self.work()
        for operation, answer in self.behind:
            self._record(operation, answer)

    def _is_free(self, number: int) -> bool:
        return not any(event.operation_number == number for event in self.asked)

    def _ask(self) -> Iterator[tuple[Operation, Answer]]:
        Operation.objects.filter(payment=self.key).update(next_attempt_at=NOW)
        for operation in selectors.due_operations(shards=range(64), besides=[], limit=9):
            if operation.kind == "AUTHORIZE" or not services.settle_without_asking(
                operation, now=NOW
            ):
                try:
                    answer = ask(self.simulator, request_for(operation))
                except OutcomeUnknown as error:
                    services.record_unknown(operation, str(error), now=NOW)
                else:
                    yield operation, answer

    def _record(self, operation: Operation, answer: Answer) -> None:
        try:
            services.record_answer(operation, answer, now=NOW)
        except IllegalTransition:
            assert services.agrees(Operation.objects.get(pk=operation.pk), answer)

    # What is true at every moment

    def assert_legal(self) -> None:
        for payment in Payment.objects.filter(pk=self.key):
            assert payment.captured_amount + payment.voided_amount <= payment.authorized_amount
            assert payment.refunded_amount <= payment.captured_amount
            for kind, total in TOTALS.items():
                assert getattr(payment, total) == self._in_ledger(kind)

    def _in_ledger(self, kind: str) -> int:
        entries = LedgerEntry.objects.filter(payment=self.key, operation__kind=kind)
        return entries.aggregate(sum=Sum("amount"))["sum"] or 0

    # What is true at the end

    def assert_books_agree(self) -> None:
        """The processor has what we have, amount by amount, and nothing twice."""
        approved = [
            line for line in self.simulator.transactions() if isinstance(line.answer, Approved)
        ]
        for kind, total in TOTALS.items():
            booked = sum(line.amount for line in approved if line.kind == kind)
            assert sum(getattr(p, total) for p in Payment.objects.filter(pk=self.key)) == booked

    def assert_every_request_was_answered_once(self) -> None:
        answered = Counter(event.operation_number for event in self.answers())
        assert answered == {event.operation_number: 1 for event in self.asked}

    def assert_voids_hold(self) -> None:
        """An authorization whose void was answered with yes has nothing left on it."""
        for void in Operation.objects.filter(payment=self.key, kind="VOID", status="SUCCEEDED"):
            for one in Operation.objects.filter(
                payment=self.key, kind="AUTHORIZE", number=void.authorization_number or 0
            ):
                assert one.status == "FAILED" or one.voided_amount == one.amount
                assert one.captured_amount == 0

    def answers(self) -> list[Any]:
        rows = OutboxEvent.objects.filter(key=str(self.key)).order_by("sequence")
        return [msgspec.json.decode(row.payload, type=EVENTS[row.type]) for row in rows]


@contextmanager
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        yield World(Simulator(Path(folder) / "books.sqlite3", late=0.0))


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=steps)
def test_whatever_is_asked_the_books_agree_in_the_end(drawn: list[Step]) -> None:
    with world() as it:
        it.run(drawn)
        it.assert_books_agree()
        it.assert_every_request_was_answered_once()
        it.assert_voids_hold()
