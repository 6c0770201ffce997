"""`run_operations` and what follows an authorization: in booking's order, each once."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentRefunded,
    PaymentVoided,
)
from outbox.models import OutboxEvent
from payment.models import Operation, Payment
from payment.operations import Operations
from payment.processors import Capture, Declined, Refund
from payment.processors.simulator import Simulator
from tests.payment import factories
from tests.payment.factories import AMOUNT
from tests.payment.fakes import YES, Observed, Scripted
from tests.payment.working import (
    Worker,
    answered_then_killed,
    charged,
    make_due,
    nothing_open,
    run_until,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_leases")]


def capture_and_refund(token: str) -> Payment:
    """A payment of which everything is asked at once, in booking's order."""
    payment = factories.operation(token=token).payment
    factories.asked("CAPTURE", payment, number=2)
    factories.asked("REFUND", payment, number=3, amount=900)
    return payment


@pytest.mark.parametrize("token", ["tok_approve", "tok_timeout_approve", "tok_follow_ups_timeout"])
def test_what_follows_is_done_in_order_each_once(
    worker: Worker, simulator: Simulator, token: str
) -> None:
    payment = capture_and_refund(token)
    processor = Observed(simulator)
    operations = worker(processor)
    while not nothing_open():
        operations.run_once()
        make_due()
    assert list(dict.fromkeys(processor.asked)) == [f"{payment.pk}:{n}" for n in (1, 2, 3)]
    assert charged(simulator) == 3
    payment.refresh_from_db()
    assert (payment.captured_amount, payment.refunded_amount) == (AMOUNT, 900)
    types = OutboxEvent.objects.order_by("sequence").values_list("type", flat=True)
    assert list(types) == [
        event.type for event in (PaymentAuthorized, PaymentCaptured, PaymentRefunded)
    ]


def test_the_processor_is_told_which_authorization_is_meant(worker: Worker) -> None:
    payment = factories.authorized()
    factories.asked("CAPTURE", payment, number=2, amount=500)
    factories.asked("REFUND", payment, number=3, amount=100)
    processor = Scripted(YES)
    run_until(nothing_open, worker(processor))
    about: dict[str, Any] = {"authorization": "ref_auth", "currency": "EUR"}
    assert processor.asked == [
        Capture(idempotency_key=f"{payment.pk}:2", amount=500, **about),
        Refund(idempotency_key=f"{payment.pk}:3", amount=100, **about),
    ]


@pytest.mark.parametrize(
    "token",
    [
        "tok_approve",
        "tok_decline",
        "tok_timeout_approve",
        "tok_timeout_decline",
        "tok_late_approve",
    ],
)
def test_a_void_holds_whatever_the_authorization_comes_to(
    worker: Worker, tmp_path: Path, token: str
) -> None:
    simulator = Simulator(tmp_path / "books.sqlite3", late=0.1)
    payment = factories.operation(token=token).payment
    factories.asked("VOID", payment, number=2)
    factories.asked("CAPTURE", payment, number=3)
    operations = worker(simulator)
    while not nothing_open():
        operations.run_once()
        make_due()
    payment.refresh_from_db()
    assert (payment.voided_amount, payment.captured_amount) == (payment.authorized_amount, 0)
    types = Counter(OutboxEvent.objects.values_list("type", flat=True))
    assert (types[PaymentVoided.type], types[PaymentCaptureFailed.type]) == (1, 1)


def test_a_capture_of_a_declined_card_is_refused_without_asking(worker: Worker) -> None:
    payment = factories.operation().payment
    factories.asked("CAPTURE", payment)
    processor = Scripted(Declined(reason="stolen"))
    run_until(nothing_open, worker(processor))
    assert len(processor.asked) == 1
    assert OutboxEvent.objects.last().type == PaymentCaptureFailed.type  # type: ignore[union-attr]


def test_a_crash_between_a_refund_and_its_record_refunds_once(
    worker: Worker, simulator: Simulator
) -> None:
    payment = capture_and_refund("tok_approve")
    operations = worker(simulator)
    run_until(lambda: Operation.objects.filter(status="SUCCEEDED").count() == 2, operations)
    operations.close()
    answered_then_killed(Operations(simulator, in_flight=1))
    assert charged(simulator) == 3
    run_until(nothing_open, worker(simulator))
    assert charged(simulator) == 3
    payment.refresh_from_db()
    assert payment.refunded_amount == 900
