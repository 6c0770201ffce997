"""Captures, voids and refunds: what they come to, and what is answered without asking."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from contracts.registry import EVENTS
from outbox.models import OutboxEvent
from payment import selectors, services
from payment.models import ConflictingRequest, LedgerEntry, Operation, Payment
from payment.processors import Approved, Declined
from tests.payment import factories
from tests.payment.factories import AMOUNT, NOW

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(seconds=3)
YES = Approved(reference="ref_2")
Status = Operation.Status


def last_event(key: UUID) -> Any:
    """The newest event of a payment, decoded."""
    row = OutboxEvent.objects.filter(key=str(key)).order_by("-sequence")[0]
    return msgspec.json.decode(row.payload, type=EVENTS[row.type])


def totals(payment: Payment) -> dict[str, int]:
    """Those that are not zero: of the payment, and the same of its first authorization."""
    now = Payment.objects.get(pk=payment.pk)
    first = Operation.objects.get(payment=payment, number=1)
    names = ["captured_amount", "voided_amount", "refunded_amount"]
    assert [getattr(now, name) for name in names] == [getattr(first, name) for name in names]
    names = ["authorized_amount", *names]
    return {name.split("_")[0]: value for name in names if (value := getattr(now, name))}


@pytest.mark.parametrize(
    ("kind", "start", "event", "moved"),
    [
        ("CAPTURE", factories.authorized, "PaymentCaptured", {"captured": AMOUNT}),
        ("VOID", factories.authorized, "PaymentVoided", {"voided": AMOUNT}),
        ("REFUND", factories.captured, "PaymentRefunded", {"refunded": AMOUNT}),
    ],
)
def test_a_success_moves_its_total_and_is_told(
    kind: str, start: Callable[[], Payment], event: str, moved: dict[str, int]
) -> None:
    payment = start()
    before = totals(payment)
    operation = factories.asked(kind, payment, number=3)
    assert not services.settle_without_asking(operation, now=NOW)
    services.record_answer(operation, YES, now=LATER)
    assert totals(payment) == {**before, **moved}
    told = last_event(payment.pk)
    assert type(told).__name__ == event
    assert (told.operation_number, told.authorization_number) == (3, 1)
    assert told.saga_id == operation.saga_id
    assert kind == "VOID" or (told.amount, told.currency) == (AMOUNT, "EUR")


@pytest.mark.parametrize(
    ("kind", "start", "event"),
    [
        ("CAPTURE", factories.authorized, "PaymentCaptureFailed"),
        ("VOID", factories.authorized, "PaymentVoidFailed"),
        ("REFUND", factories.captured, "PaymentRefundFailed"),
    ],
)
def test_a_refusal_moves_nothing_and_is_told(
    kind: str, start: Callable[[], Payment], event: str
) -> None:
    payment = start()
    before = totals(payment)
    operation = factories.asked(kind, payment, number=3)
    services.record_answer(operation, Declined(reason="refused"), now=LATER)
    assert totals(payment) == before
    told = last_event(payment.pk)
    assert (type(told).__name__, told.reason.code) == (event, "refused")
    assert (told.operation_number, told.authorization_number) == (3, 1)


def test_an_authorization_can_be_captured_in_parts_up_to_its_amount() -> None:
    payment = factories.captured(AMOUNT - 100)
    rest = factories.asked("CAPTURE", payment, number=3, amount=100)
    assert not services.settle_without_asking(rest, now=NOW)
    services.record_answer(rest, YES, now=NOW)
    assert totals(payment)["captured"] == AMOUNT
    beyond = factories.asked("CAPTURE", payment, number=4, amount=1)
    assert services.settle_without_asking(beyond, now=NOW)
    assert last_event(payment.pk).reason.code == "over_authorization"


def test_a_capture_can_be_refunded_in_parts_up_to_its_amount() -> None:
    payment = factories.captured(500)
    for number, amount in ((3, 200), (4, 300)):
        part = factories.asked("REFUND", payment, number=number, amount=amount)
        assert not services.settle_without_asking(part, now=NOW)
        services.record_answer(part, YES, now=NOW)
    assert totals(payment)["refunded"] == 500
    beyond = factories.asked("REFUND", payment, number=5, amount=1)
    assert services.settle_without_asking(beyond, now=NOW)
    assert last_event(payment.pk).reason.code == "over_capture"


def declined() -> Payment:
    operation = factories.operation()
    services.record_answer(operation, Declined(reason="card_declined"), now=NOW)
    return operation.payment


def voided() -> Payment:
    payment = factories.authorized()
    services.record_answer(factories.asked("VOID", payment), YES, now=NOW)
    return payment


@pytest.mark.parametrize(
    ("kind", "start", "code"),
    [
        ("CAPTURE", declined, "not_authorized"),
        ("CAPTURE", voided, "authorization_voided"),
        ("VOID", factories.captured, "captured"),
        ("REFUND", declined, "not_authorized"),
        ("REFUND", factories.authorized, "over_capture"),
        ("REFUND", voided, "authorization_voided"),
    ],
)
def test_what_the_payment_itself_refuses_is_not_asked(
    kind: str, start: Callable[[], Payment], code: str
) -> None:
    payment = start()
    before = totals(payment)
    operation = factories.asked(kind, payment, number=3)
    assert services.settle_without_asking(operation, now=LATER)
    operation.refresh_from_db()
    assert (operation.status, operation.reason, operation.completed_at) == ("FAILED", code, LATER)
    assert last_event(payment.pk).reason.code == code
    assert totals(payment) == before


@pytest.mark.parametrize("start", [declined, voided])
def test_where_nothing_is_reserved_a_void_is_done_without_asking(
    start: Callable[[], Payment],
) -> None:
    payment = start()
    before = totals(payment)
    operation = factories.asked("VOID", payment, number=3)
    assert services.settle_without_asking(operation, now=LATER)
    assert type(last_event(payment.pk)).__name__ == "PaymentVoided"
    assert totals(payment) == before


def test_the_limits_hold_for_each_authorization() -> None:
    payment = factories.captured(AMOUNT)
    second = factories.requested(payment.pk, number=3, amount=5000)
    services.request_authorization(second, now=NOW)
    services.record_answer(Operation.objects.get(number=3), Approved(reference="ref_3"), now=NOW)
    assert Payment.objects.get().authorized_amount == AMOUNT + 5000
    over = factories.asked("CAPTURE", payment, number=4, of=1, amount=1)
    assert services.settle_without_asking(over, now=NOW)
    within = factories.asked("CAPTURE", payment, number=5, of=3, amount=5000)
    assert not services.settle_without_asking(within, now=NOW)
    services.record_answer(within, YES, now=NOW)
    early = factories.asked("REFUND", payment, number=6, of=3, amount=5001)
    assert services.settle_without_asking(early, now=NOW)
    assert Operation.objects.get(number=3).captured_amount == 5000
    assert Payment.objects.get().captured_amount == AMOUNT + 5000


def test_another_operation_of_that_number_is_no_authorization() -> None:
    payment = factories.captured()
    operation = factories.asked("REFUND", payment, number=3, of=2)
    assert services.settle_without_asking(operation, now=NOW)
    assert last_event(payment.pk).reason.code == "not_authorized"


# A void that comes first


def test_a_void_without_an_authorization_is_done_and_holds_against_a_later_one() -> None:
    key = uuid7()
    services.request_follow_up(factories.follow_up("VOID", key), now=NOW)
    assert services.settle_without_asking(Operation.objects.get(), now=NOW)
    assert type(last_event(key)).__name__ == "PaymentVoided"
    services.request_authorization(factories.requested(key), now=LATER)
    told = last_event(key)
    assert (type(told).__name__, told.reason.code) == ("PaymentDeclined", "voided_before")
    assert Operation.objects.get(number=1).status == Status.FAILED
    assert OutboxEvent.objects.count() == 2


def test_an_authorization_after_its_void_was_asked_for_is_never_asked() -> None:
    key = uuid7()
    services.request_follow_up(factories.follow_up("VOID", key), now=NOW)
    services.request_authorization(factories.requested(key), now=LATER)
    due = selectors.due_operations(shards=range(64), besides=[], limit=9)
    assert [operation.kind for operation in due] == ["VOID"]


def test_a_void_holds_against_its_own_authorization_only() -> None:
    key = uuid7()
    services.request_follow_up(factories.follow_up("VOID", key, of=3), now=NOW)
    services.request_authorization(factories.requested(key), now=LATER)
    assert Operation.objects.get(number=1).status == Status.REQUESTED


# Turns


def due_kinds() -> list[str]:
    due = selectors.due_operations(shards=range(64), besides=[], limit=9)
    return [operation.kind for operation in due]


@pytest.mark.parametrize("unknown", [False, True])
def test_a_follow_up_waits_for_the_answer_of_what_was_asked_before(unknown: bool) -> None:
    operation = factories.operation()
    factories.asked("VOID", operation.payment)
    if unknown:
        services.record_unknown(operation, "timed out", now=NOW)
        assert due_kinds() == []  # the authorization's time comes in a second
        Operation.objects.update(next_attempt_at=NOW)
    assert due_kinds() == ["AUTHORIZE"]
    services.record_answer(operation, YES, now=NOW)
    assert due_kinds() == ["VOID"]


def test_payments_do_not_wait_for_each_other() -> None:
    factories.asked("VOID", factories.operation().payment)
    factories.operation()
    assert due_kinds() == ["AUTHORIZE", "AUTHORIZE"]


# The ledger


def test_the_ledger_has_every_change_and_its_amounts_add_up() -> None:
    operation = factories.operation()
    services.record_unknown(operation, "timed out", now=NOW)
    services.record_unknown(operation, "timed out", now=NOW)
    services.record_answer(operation, YES, now=NOW)
    capture = factories.asked("CAPTURE", operation.payment, amount=500)
    services.record_answer(capture, YES, now=NOW)
    entries = LedgerEntry.objects.order_by("id").values_list("operation__kind", "status", "amount")
    assert list(entries) == [
        ("AUTHORIZE", "REQUESTED", 0),
        ("AUTHORIZE", "UNKNOWN", 0),
        ("AUTHORIZE", "SUCCEEDED", AMOUNT),
        ("CAPTURE", "REQUESTED", 0),
        ("CAPTURE", "SUCCEEDED", 500),
    ]


@pytest.mark.parametrize("kind", ["CAPTURE", "VOID", "REFUND"])
@pytest.mark.parametrize(
    "other", [{"amount": 1}, {"authorization_number": 7}, {"saga_id": uuid7()}]
)
def test_something_else_under_a_number_that_was_used_is_refused(
    kind: str, other: dict[str, Any]
) -> None:
    event = factories.follow_up(kind, factories.authorized().pk)
    services.request_follow_up(event, now=NOW)
    services.request_follow_up(event, now=LATER)
    assert Operation.objects.count() == 2
    with pytest.raises(ConflictingRequest, match=next(iter(other))):
        services.request_follow_up(msgspec.structs.replace(event, **other), now=LATER)
