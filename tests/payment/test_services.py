"""Recording what is asked, and what the processor answered."""

from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from django.db import transaction
from django.utils import timezone

import outbox
from contracts.payment import PaymentAuthorized, PaymentDeclined
from contracts.values import Reason
from outbox.models import OutboxEvent, shard_of
from payment import selectors, services
from payment.models import (
    ConflictingRequest,
    IllegalTransition,
    LedgerEntry,
    Operation,
    OtherCurrency,
    Payment,
)
from payment.processors import Approved, Declined
from payment.services.events import answer_of
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(seconds=3)
YES = Approved(reference="ref_1")
NO = Declined(reason="card_declined")


def saga_of(operation: Operation) -> UUID:
    assert operation.saga_id is not None
    return operation.saga_id


def test_a_request_makes_a_payment_that_has_authorized_nothing_yet() -> None:
    event = factories.requested()
    services.request_authorization(event, now=NOW)
    payment = Payment.objects.get(pk=event.reservation_id)
    assert (payment.currency, payment.authorized_amount, payment.event_sequence) == ("EUR", 0, 0)


def test_a_request_repeated_under_its_number_is_recorded_once_as_it_first_came() -> None:
    event = factories.requested()
    services.request_authorization(event, now=NOW)
    services.request_authorization(event, now=LATER)
    assert Operation.objects.get().requested_at == NOW
    assert LedgerEntry.objects.count() == 1


def test_a_request_under_another_number_is_another_operation_of_the_same_payment() -> None:
    event = factories.requested()
    services.request_authorization(event, now=NOW)
    services.request_authorization(factories.requested(event.reservation_id, number=2), now=NOW)
    assert Payment.objects.count() == 1
    numbers = Operation.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == [1, 2]


def test_a_request_repeated_after_its_answer_asks_nothing_again() -> None:
    event = factories.requested()
    services.request_authorization(event, now=NOW)
    services.record_answer(Operation.objects.get(), YES, now=NOW)
    services.request_authorization(event, now=LATER)
    assert Operation.objects.get().status == Operation.Status.SUCCEEDED
    assert OutboxEvent.objects.count() == 1


def test_the_idempotency_key_is_the_reservation_and_the_number() -> None:
    operation = factories.operation()
    assert operation.idempotency_key == f"{operation.payment_id}:1"


def test_an_operation_is_in_its_reservations_shard() -> None:
    operation = factories.operation()
    assert operation.shard == shard_of(str(operation.payment_id))


@pytest.mark.parametrize(
    "other", [{"amount": 1}, {"payment_token": "tok_decline"}, {"saga_id": uuid4()}]
)
def test_something_else_under_a_number_that_was_used_is_refused(other: dict[str, object]) -> None:
    event = factories.requested()
    services.request_authorization(event, now=NOW)
    with pytest.raises(ConflictingRequest) as refusal:
        services.request_authorization(msgspec.structs.replace(event, **other), now=LATER)
    assert next(iter(other)) in str(refusal.value)
    assert "tok_" not in str(refusal.value)


def test_a_request_in_another_currency_is_refused() -> None:
    event = factories.requested()
    services.request_authorization(event, now=NOW)
    with pytest.raises(OtherCurrency):
        services.request_authorization(
            factories.requested(event.reservation_id, number=2, currency="SEK"), now=LATER
        )


def test_an_approval_is_recorded_and_told() -> None:
    operation = factories.operation()
    services.record_answer(operation, YES, now=LATER)
    stored = Operation.objects.select_related("payment").get()
    assert (stored.status, stored.attempts) == (Operation.Status.SUCCEEDED, 1)
    assert (stored.processor_reference, stored.completed_at) == ("ref_1", LATER)
    assert (stored.payment.authorized_amount, stored.payment.updated_at) == (AMOUNT, LATER)
    event = OutboxEvent.objects.get()
    assert (event.type, event.sequence) == (PaymentAuthorized.type, 1)
    assert event.key == str(stored.payment_id)
    assert msgspec.json.decode(event.payload, type=PaymentAuthorized) == PaymentAuthorized(
        reservation_id=stored.payment_id,
        saga_id=saga_of(stored),
        operation_number=1,
        amount=AMOUNT,
        currency="EUR",
    )


def test_a_refusal_is_recorded_and_told() -> None:
    operation = factories.operation()
    services.record_answer(operation, NO, now=LATER)
    stored = Operation.objects.select_related("payment").get()
    assert (stored.status, stored.reason) == (Operation.Status.FAILED, "card_declined")
    assert (stored.completed_at, stored.payment.authorized_amount) == (LATER, 0)
    event = OutboxEvent.objects.get()
    assert (event.type, event.sequence) == (PaymentDeclined.type, 1)
    assert msgspec.json.decode(event.payload, type=PaymentDeclined) == PaymentDeclined(
        reservation_id=stored.payment_id,
        saga_id=saga_of(stored),
        operation_number=1,
        reason=Reason(code="card_declined"),
    )


@pytest.mark.parametrize("second", [YES, NO])
def test_a_second_answer_is_refused_and_told_to_nobody(second: Approved | Declined) -> None:
    operation = factories.operation()
    stale = selectors.due_operations(shards=range(64), besides=[], limit=1)[0]
    services.record_answer(operation, YES, now=NOW)
    with pytest.raises(IllegalTransition):
        services.record_answer(stale, second, now=LATER)
    assert OutboxEvent.objects.count() == 1
    assert Payment.objects.get().authorized_amount == AMOUNT


@pytest.mark.django_db(transaction=True)
def test_an_answer_whose_event_cannot_be_stored_is_not_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operation = factories.operation()

    def break_down(*args: object, **kwargs: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("outbox.events.insert_later", break_down)
    with pytest.raises(RuntimeError, match="on purpose"):
        services.record_answer(operation, YES, now=NOW)
    assert Operation.objects.get().status == Operation.Status.REQUESTED
    assert Payment.objects.get().authorized_amount == 0


def wait_of(operation: Operation) -> int:
    """In how many seconds, by the database's clock, the operation is due."""
    return round((operation.next_attempt_at - timezone.now()).total_seconds())


def test_an_unknown_outcome_is_asked_about_ever_later_up_to_a_minute() -> None:
    operation, waits = factories.operation(), []
    for _ in range(8):
        services.record_unknown(operation, "timed out", now=LATER)
        operation.refresh_from_db()
        waits.append(wait_of(operation))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (operation.status, operation.reason) == (Operation.Status.UNKNOWN, "timed out")


def test_a_processor_that_is_away_for_days_is_still_asked_every_minute() -> None:
    operation = factories.operation()
    Operation.objects.update(attempts=5000)
    operation.refresh_from_db()
    services.record_unknown(operation, "timed out", now=LATER)
    operation.refresh_from_db()
    assert wait_of(operation) == 60


def test_an_unknown_outcome_is_told_to_nobody() -> None:
    services.record_unknown(factories.operation(), "timed out", now=LATER)
    assert not OutboxEvent.objects.exists()


def test_an_answer_after_an_unknown_outcome_is_recorded_and_told() -> None:
    operation = factories.operation()
    services.record_unknown(operation, "timed out", now=LATER)
    services.record_answer(operation, YES, now=LATER)
    operation.refresh_from_db()
    assert (operation.status, operation.attempts) == (Operation.Status.SUCCEEDED, 2)
    assert OutboxEvent.objects.get().sequence == 1


# What was read before the processor was asked


def as_read(operation: Operation) -> Operation:
    return selectors.operation(operation.pk)


@pytest.mark.django_db(transaction=True)
def test_what_was_read_when_it_was_due_is_recorded_without_another_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = as_read(factories.operation())
    monkeypatch.delattr(selectors, "operations")
    services.record_outcomes({read.pk: YES}, now=NOW, read=[read])
    assert Payment.objects.get().authorized_amount == AMOUNT
    assert OutboxEvent.objects.get().sequence == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("second", [YES, NO])
def test_what_has_had_its_answer_since_it_was_read_is_refused(second: Approved | Declined) -> None:
    read = as_read(factories.operation())
    services.record_answer(read, YES, now=NOW)
    with pytest.raises(IllegalTransition):
        services.record_outcomes({read.pk: second}, now=LATER, read=[read])
    assert OutboxEvent.objects.count() == 1
    assert Payment.objects.get().authorized_amount == AMOUNT


@pytest.mark.django_db(transaction=True)
def test_a_payment_that_has_told_something_since_it_was_read_is_read_again() -> None:
    payment = factories.authorized()
    read = as_read(factories.asked("CAPTURE", payment))
    with transaction.atomic():
        outbox.append(payment, answer_of(Operation.objects.get(number=1)))
    services.record_outcomes({read.pk: YES}, now=LATER, read=[read])
    assert list(OutboxEvent.objects.values_list("sequence", flat=True)) == [1, 2, 3]
    assert LedgerEntry.objects.filter(operation=read, status="SUCCEEDED").count() == 1
    assert Payment.objects.get().captured_amount == AMOUNT


# What is due


def test_what_is_due_comes_oldest_first() -> None:
    asked_second = factories.operation(due_at=NOW + timedelta(seconds=1))
    asked_first = factories.operation(due_at=NOW)
    assert selectors.due_operations(shards=range(64), besides=[], limit=9) == [
        asked_first,
        asked_second,
    ]


def test_what_is_not_yet_due_on_the_databases_clock_waits() -> None:
    factories.operation(due_at=timezone.now() + timedelta(seconds=30))
    assert selectors.due_operations(shards=range(64), besides=[], limit=9) == []


def test_only_the_given_shards_are_looked_at() -> None:
    operation = factories.operation()
    others = [shard for shard in range(64) if shard != operation.shard]
    assert selectors.due_operations(shards=others, besides=[], limit=9) == []
    assert selectors.due_operations(shards=[operation.shard], besides=[], limit=9) == [operation]


def test_what_is_being_worked_on_is_left_out() -> None:
    operation = factories.operation()
    assert selectors.due_operations(shards=range(64), besides=[operation.pk], limit=9) == []


@pytest.mark.parametrize("status", [Operation.Status.SUCCEEDED, Operation.Status.FAILED])
def test_what_has_its_answer_is_not_due(status: Operation.Status) -> None:
    factories.in_status(status)
    assert selectors.due_operations(shards=range(64), besides=[], limit=9) == []
