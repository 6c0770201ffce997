"""What does not agree is found, what is unambiguous is repaired, and nothing is guessed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from outbox.models import OutboxEvent
from payment import services
from payment.models import REPAIRS_FROM, Operation, Payment
from payment.operations import Operations
from payment.processors import Answer, Approved, Declined, OutcomeUnknown, Transaction
from payment.processors.simulator import Simulator
from payment.reconciliation import Difference, differences
from tests.payment import factories, fakes
from tests.payment.factories import AMOUNT, NOW

pytestmark = pytest.mark.django_db

YES = Approved(reference="ref_auth")
NO = Declined(reason="card_declined")
LATER = NOW + timedelta(hours=1)


class Listing(fakes.Fake):
    """A processor with these books."""

    def __init__(self, *lines: Transaction) -> None:
        self._lines = lines

    def transactions(self) -> Iterator[Transaction]:
        return iter(self._lines)


def line(operation: Operation, answer: Answer = YES, **changes: Any) -> Transaction:
    """What the processor's books say of an operation."""
    facts = {
        "idempotency_key": operation.idempotency_key,
        "kind": operation.kind,
        "amount": operation.amount,
        "currency": operation.currency,
    }
    return Transaction(answer=answer, **{**facts, **changes})


def found(*lines: Transaction, now: datetime = LATER) -> list[Difference]:
    return list(differences(Listing(*lines), rest=timedelta(minutes=15), now=now))


def only(*lines: Transaction) -> Difference:
    [difference] = found(*lines)
    return difference


def lines_of(payment: Payment) -> list[Transaction]:
    """Books that agree with a payment."""
    done = Operation.objects.filter(payment=payment).exclude(processor_reference="")
    return [line(one, Approved(reference=one.processor_reference)) for one in done]


def owing(payment: Payment, amount: int | None) -> Payment:
    """What the reservation's events said."""
    Payment.objects.filter(pk=payment.pk).update(owed_amount=amount)
    payment.refresh_from_db()
    return payment


# The processor and the operations


@pytest.mark.parametrize(("answer", "status"), [(YES, "SUCCEEDED"), (NO, "FAILED")])
def test_what_agrees_is_no_difference(answer: Answer, status: str) -> None:
    operation = factories.operation()
    services.record_answer(operation, answer, now=NOW)
    assert found(line(operation, answer)) == []


def test_what_the_processor_did_and_nobody_asked_for_is_found_and_left_to_people() -> None:
    operation = factories.operation()
    services.record_answer(operation, YES, now=NOW)
    for key in (f"{operation.payment_id}:7", "someone else's"):
        difference = only(line(operation), line(operation, idempotency_key=key))
        assert (difference.about, difference.repair) == (key, None)


@pytest.mark.parametrize(
    "other",
    [{"answer": NO}, {"answer": Approved(reference="x")}, {"amount": 1}, {"currency": "SEK"}],
)
def test_what_contradicts_the_record_is_found_and_left_to_people(other: dict[str, Any]) -> None:
    operation = factories.operation()
    services.record_answer(operation, YES, now=NOW)
    difference = only(line(operation, **other))
    assert (difference.about, difference.repair) == (operation.idempotency_key, None)


def test_a_success_that_the_processor_does_not_know_is_found_and_left_to_people() -> None:
    payment = factories.authorized()
    difference = only()
    assert difference.about == f"{payment.pk}:1"
    assert difference.repair is None


def test_what_was_answered_without_asking_is_not_looked_for_there() -> None:
    operation = factories.operation()
    services.record_answer(operation, NO, now=NOW)
    services.settle_without_asking(factories.asked("VOID", operation.payment), now=NOW)
    services.settle_without_asking(factories.asked("CAPTURE", operation.payment, number=3), now=NOW)
    assert found(line(operation, NO)) == []


@pytest.mark.parametrize(("answer", "status"), [(YES, "SUCCEEDED"), (NO, "FAILED")])
def test_an_answer_that_was_never_recorded_is_recorded(answer: Answer, status: str) -> None:
    operation = factories.operation()
    services.record_unknown(operation, "timed out", now=NOW)
    difference = only(line(operation, answer))
    assert difference.repair is not None
    assert difference.repair()
    operation.refresh_from_db()
    assert operation.status == status
    assert OutboxEvent.objects.count() == 1
    assert not difference.repair()  # somebody was first
    assert OutboxEvent.objects.count() == 1


def test_what_is_open_for_long_is_asked_again_now() -> None:
    operation = factories.operation()
    for _ in range(9):
        services.record_unknown(operation, "timed out", now=NOW)
    difference = only()
    assert "after 9 attempts: timed out" in str(difference)
    assert difference.repair is not None
    assert difference.repair()
    operation.refresh_from_db()
    assert operation.next_attempt_at <= timezone.now()


def test_what_is_still_under_way_is_no_difference() -> None:
    fresh = factories.operation()
    done = factories.operation()
    services.record_answer(done, YES, now=NOW)
    owing(done.payment, 0)
    soon = NOW + timedelta(minutes=14)
    assert found(line(fresh), now=soon) == []


# What is owed


@pytest.mark.parametrize(("owed", "captured"), [(AMOUNT, AMOUNT), (5000, 5000), (None, AMOUNT)])
def test_what_is_kept_as_owed_is_no_difference(owed: int | None, captured: int) -> None:
    payment = owing(factories.captured(captured), owed)
    assert found(*lines_of(payment)) == []


def test_what_is_reserved_and_not_owed_is_voided_and_nobody_is_told() -> None:
    payment = owing(factories.authorized(), 0)
    told = OutboxEvent.objects.count()
    difference = only(*lines_of(payment))
    assert difference.repair is not None
    assert difference.repair()
    void = Operation.objects.get(kind="VOID")
    assert (void.number, void.authorization_number, void.saga_id) == (REPAIRS_FROM, 1, None)
    assert not difference.repair()  # it is under way
    services.record_answer(void, Approved(reference="v"), now=NOW)
    payment.refresh_from_db()
    assert payment.voided_amount == AMOUNT
    assert OutboxEvent.objects.count() == told


def test_what_is_kept_beyond_what_is_owed_is_refunded_newest_charge_first() -> None:
    payment = factories.captured(AMOUNT)
    services.request_authorization(factories.requested(payment.pk, number=3, amount=500), now=NOW)
    services.record_answer(Operation.objects.get(number=3), Approved(reference="a3"), now=NOW)
    capture = factories.asked("CAPTURE", payment, number=4, of=3, amount=500)
    services.record_answer(capture, Approved(reference="c4"), now=NOW)
    owing(payment, AMOUNT - 100)
    difference = only(*lines_of(payment))
    assert difference.repair is not None
    assert difference.repair()
    refunds = Operation.objects.filter(kind="REFUND").order_by("number")
    assert [(one.authorization_number, one.amount) for one in refunds] == [(3, 500), (1, 100)]
    for number, refund in enumerate(refunds):
        assert not services.settle_without_asking(refund, now=NOW)
        services.record_answer(refund, Approved(reference=f"r{number}"), now=NOW)
    payment.refresh_from_db()
    assert payment.kept_amount == AMOUNT - 100
    assert found(*lines_of(payment)) == []


def test_what_is_owed_and_not_charged_is_found_and_no_card_is_charged_for_it() -> None:
    payment = owing(factories.authorized(), AMOUNT)
    difference = only(*lines_of(payment))
    assert "12900 EUR owed, 0 charged" in str(difference)
    assert difference.repair is None


def test_what_is_reserved_of_a_reservation_that_lives_on_is_left_to_people() -> None:
    payment = factories.captured()
    services.request_authorization(factories.requested(payment.pk, number=3, amount=500), now=NOW)
    services.record_answer(Operation.objects.get(number=3), Approved(reference="a3"), now=NOW)
    difference = only(*lines_of(owing(payment, AMOUNT)))
    assert "500 EUR reserved" in str(difference)
    assert difference.repair is None


def test_the_rest_of_an_authorization_that_was_captured_in_part_runs_out_by_itself() -> None:
    payment = owing(factories.captured(5000), 5000)
    assert found(*lines_of(payment)) == []


def test_what_is_being_given_back_is_not_given_back_again() -> None:
    payment = owing(factories.captured(), 0)
    refund = factories.asked("REFUND", payment, number=3)
    assert only(*lines_of(payment)).about == refund.idempotency_key


def test_what_the_processor_refused_to_give_back_is_left_to_people() -> None:
    payment = owing(factories.captured(), 0)
    refund = factories.asked("REFUND", payment, number=3)
    services.record_answer(refund, Declined(reason="refund_refused"), now=NOW)
    difference = only(*lines_of(payment))
    assert "12900 EUR kept, 0 owed, and a refund was refused" in str(difference)
    assert difference.repair is None


def test_what_was_refused_since_it_was_seen_is_not_given_back() -> None:
    payment = owing(factories.captured(), 0)
    difference = only(*lines_of(payment))
    refund = factories.asked("REFUND", payment, number=3)
    services.record_answer(refund, Declined(reason="refund_refused"), now=NOW)
    assert difference.repair is not None
    assert not difference.repair()


def test_what_is_owed_since_it_was_seen_is_not_voided() -> None:
    payment = owing(factories.authorized(), 0)
    difference = only(*lines_of(payment))
    owing(payment, AMOUNT)
    assert difference.repair is not None
    assert not difference.repair()
    assert Operation.objects.count() == 1


def test_a_payment_that_has_changed_since_it_was_seen_is_not_repaired() -> None:
    payment = owing(factories.authorized(), 0)
    difference = only(*lines_of(payment))
    services.record_answer(factories.asked("VOID", payment), Approved(reference="v"), now=NOW)
    assert difference.repair is not None
    assert not difference.repair()
    refunded = owing(factories.captured(), 0)
    lines = lines_of(payment) + lines_of(refunded)
    [excess] = found(*lines)
    owing(refunded, AMOUNT)
    assert excess.repair is not None
    assert not excess.repair()


# The command


@pytest.fixture
def simulator(tmp_path: Path, settings: Settings) -> Simulator:
    settings.PROCESSOR_BOOKS = str(tmp_path / "books.sqlite3")
    return Simulator(Path(settings.PROCESSOR_BOOKS))


def reconcile(*arguments: str) -> tuple[bool, str]:
    """Whether it found nothing left to do, and what it said."""
    output = StringIO()
    try:
        call_command("reconcile_payments", "--rest=0", *arguments, stdout=output)
    except CommandError as error:
        return False, f"{output.getvalue()}{error}"
    return True, output.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_command_finds_repairs_and_finds_nothing_more(simulator: Simulator) -> None:
    """The processor said yes, the worker died; the reservation has expired meanwhile."""
    operation = factories.operation()
    reference = simulator.authorize(factories.authorization(operation.idempotency_key))
    services.note_nothing_owed(operation.payment_id, now=NOW)
    is_fine, text = reconcile()
    assert not is_fine
    assert f"{operation.idempotency_key}: REQUESTED here" in text
    assert reconcile("--fix")[0]
    operation.refresh_from_db()
    assert Approved(reference=operation.processor_reference) == reference
    assert "reserved, and nothing more is owed" in reconcile("--fix")[1]
    worker = Operations(simulator, in_flight=2)
    while Operation.objects.filter(status__in=Operation.OPEN).exists():
        worker.run_once()
    worker.close()
    assert reconcile() == (True, "payments, processor and reservations agree\n")


def test_what_cannot_be_repaired_is_left_and_said(simulator: Simulator) -> None:
    simulator.authorize(factories.authorization("nobody:1"))
    for arguments in ([], ["--fix"]):
        is_fine, text = reconcile(*arguments)
        assert not is_fine
        assert "nobody:1: nobody asked for the AUTHORIZE that the processor has" in text
        assert "1 differences are left" in text


def test_a_processor_that_is_away_is_no_agreement(simulator: Simulator) -> None:
    Path(f"{simulator.books.file}.down").touch()
    is_fine, text = reconcile()
    assert not is_fine
    assert "cannot be read" in text


def test_books_that_break_off_are_not_compared() -> None:
    class Breaking(Listing):
        def transactions(self) -> Iterator[Transaction]:
            yield from ()
            raise OutcomeUnknown("away")

    factories.authorized()
    with pytest.raises(OutcomeUnknown):
        list(differences(Breaking(), rest=timedelta(0), now=LATER))
