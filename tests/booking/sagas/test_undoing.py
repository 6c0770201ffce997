"""Taking back what was asked of the card, whatever payment says and however late."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now

from booking import orchestrator, services
from booking.models import Reservation, Saga, Seat, TimelineEntry
from booking.preconditions import AnyVersion
from booking.saga import PATIENCE
from booking.steps.signals import Retry, TimeOut
from contracts.booking import ReservationCanceled
from contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVoided,
    PaymentVoidFailed,
)
from contracts.values import Settlement
from outbox import registry
from outbox.events import history
from outbox.transactions import LostRace
from tests.booking import factories
from tests.booking.factories import NOW, tell

pytestmark = pytest.mark.django_db


def asked(reservation: Reservation) -> list[tuple[str, int]]:
    """What payment was asked for, and under which number."""
    rows = [(row.type, registry.decode(row.type, row.payload)) for row in _rows(reservation)]
    return [
        (type_.split(".")[1].removeprefix("Payment").removesuffix("Requested"), number)
        for type_, payload in rows
        if (number := getattr(payload, "operation_number", None))
    ]


def _rows(reservation: Reservation) -> Any:
    return history(str(reservation.pk))


def told(reservation: Reservation) -> list[str]:
    return list(reservation.timeline.order_by("id").values_list("entry", flat=True))


def cancel(reservation: Reservation) -> Reservation:
    canceled = services.cancel_reservation(
        reservation_id=reservation.pk, customer_id=None, versions=AnyVersion(), now=NOW
    )
    reservation.refresh_from_db()
    return canceled


def withdrawn() -> Reservation:
    """Canceled while its charge is under way."""
    reservation = factories.confirmed_reservation()
    cancel(reservation)
    return reservation


def voiding() -> Reservation:
    """Canceled while the card was being authorized."""
    reservation = factories.pending_reservation()
    cancel(reservation)
    return reservation


def refunding() -> Reservation:
    """Canceled when it was charged."""
    reservation = factories.ticketed_reservation()
    cancel(reservation)
    return reservation


def newest(reservation: Reservation) -> Saga:
    return Saga.objects.filter(reservation=reservation).latest("started_at", "id")


def assert_compensated(ended: Saga) -> None:
    assert (ended.step, ended.live, ended.deadline_at) == ("COMPENSATED", None, None)


def test_what_is_voided_is_over() -> None:
    reservation = voiding()
    assert_compensated(tell(PaymentVoided, reservation))
    assert told(reservation) == ["created", "canceled", "voided"]


def test_what_is_refunded_is_over() -> None:
    reservation = refunding()
    ended = tell(PaymentRefunded, reservation)
    assert_compensated(ended)
    assert ended.kind == Saga.Kind.CANCELING
    assert told(reservation)[-2:] == ["canceled", "refunded"]


@pytest.mark.parametrize("make", [voiding, withdrawn, refunding])
def test_the_seat_sells_again_before_the_money_is_back(make: Any) -> None:
    first = make()
    assert newest(first).live == first.pk
    assert factories.reserve().departure == first.departure


# A charge that is under way


def test_a_charge_that_comes_after_the_cancelation_is_refunded() -> None:
    reservation = withdrawn()
    assert tell(PaymentCaptured, reservation).step == "REFUNDING"
    assert asked(reservation) == [("Authorize", 1), ("Capture", 2), ("Refund", 3)]
    assert not reservation.passengers.exclude(ticket_number=None).exists()
    assert_compensated(tell(PaymentRefunded, reservation))


def test_what_cannot_be_charged_after_the_cancelation_is_voided() -> None:
    reservation = withdrawn()
    assert tell(PaymentCaptureFailed, reservation).step == "VOIDING"
    assert asked(reservation) == [("Authorize", 1), ("Capture", 2), ("Void", 3)]
    assert reservation.payment_operations == 3


def test_a_charge_that_is_refused_for_good_cancels_the_reservation() -> None:
    reservation = factories.confirmed_reservation()
    assert tell(PaymentCaptureFailed, reservation).step == "VOIDING"
    assert reservation.status == Reservation.Status.CANCELED
    assert Seat.objects.get(number="12A").status == Seat.Status.FREE
    said = next(row for row in _rows(reservation) if row.type == ReservationCanceled.type)
    event = registry.decode(said.type, said.payload)
    assert isinstance(event, ReservationCanceled)
    assert (event.reason.code, event.reason.text) == ("capture_refused", "not_possible")
    assert event.settlement == Settlement(currency="EUR", charged=0, refunded=0)


# Answers that come late, or contradict what was said before


@pytest.mark.parametrize("kind", [PaymentAuthorized, PaymentDeclined])
@pytest.mark.parametrize("voided", [False, True])
def test_once_the_void_is_asked_for_the_authorizations_answer_changes_nothing(
    kind: type[PaymentEvent], voided: bool
) -> None:
    reservation = voiding()
    if voided:
        tell(PaymentVoided, reservation)
    before, number = newest(reservation).step, len(asked(reservation))
    assert tell(kind, reservation).step == before
    assert (told(reservation)[-1], len(asked(reservation))) == ("late answer", number)


def test_an_authorization_after_a_refusal_is_voided() -> None:
    reservation = factories.pending_reservation()
    tell(PaymentDeclined, reservation)
    again = tell(PaymentAuthorized, reservation)
    assert (again.step, again.live) == ("VOIDING", reservation.pk)
    assert asked(reservation) == [("Authorize", 1), ("Void", 2)]
    assert_compensated(tell(PaymentVoided, reservation))
    assert reservation.status == Reservation.Status.REJECTED


def test_a_charge_after_its_refusal_is_refunded() -> None:
    reservation = factories.confirmed_reservation()
    tell(PaymentCaptureFailed, reservation)
    assert tell(PaymentCaptured, reservation).step == "REFUNDING"
    assert asked(reservation)[2:] == [("Void", 3), ("Refund", 4)]


def test_a_charge_after_the_void_is_refunded() -> None:
    reservation = factories.confirmed_reservation()
    tell(PaymentCaptureFailed, reservation)
    tell(PaymentVoided, reservation)
    again = tell(PaymentCaptured, reservation)
    assert (again.step, again.live) == ("REFUNDING", reservation.pk)


def test_a_charge_that_is_told_again_is_refunded_once() -> None:
    reservation = withdrawn()
    tell(PaymentCaptured, reservation)
    assert tell(PaymentCaptured, reservation).step == "REFUNDING"
    tell(PaymentRefunded, reservation)
    assert_compensated(tell(PaymentCaptured, reservation))
    assert told(reservation)[-1] == "late answer"
    assert_compensated(tell(PaymentAuthorized, reservation))
    assert asked(reservation) == [("Authorize", 1), ("Capture", 2), ("Refund", 3)]


def test_what_cannot_be_voided_is_refunded() -> None:
    reservation = voiding()
    assert tell(PaymentVoidFailed, reservation).step == "REFUNDING"
    assert asked(reservation)[-1] == ("Refund", 3)


def test_a_void_whose_refusal_is_told_again_is_refunded_once() -> None:
    reservation = voiding()
    tell(PaymentVoidFailed, reservation)
    tell(PaymentRefunded, reservation)
    assert_compensated(tell(PaymentVoidFailed, reservation))
    assert told(reservation)[-1] == "late answer"
    assert [kind for kind, _ in asked(reservation)].count("Refund") == 1


# A refund that is refused for good


def test_a_refund_that_is_refused_for_good_waits_for_an_operator() -> None:
    reservation = refunding()
    stuck = tell(PaymentRefundFailed, reservation)
    assert (stuck.step, stuck.live, stuck.stuck_at) == ("REFUNDING", reservation.pk, NOW)
    assert (stuck.deadline_at, stuck.last_error) == (None, "not_possible")
    assert told(reservation)[-1] == "not refunded"


def test_it_is_tried_again_under_another_number() -> None:
    reservation = refunding()
    refused = tell(PaymentRefundFailed, reservation)
    orchestrator.advance(refused, Retry(), now=NOW)
    assert asked(reservation)[-2:] == [("Refund", 3), ("Refund", 4)]
    tried = newest(reservation)
    assert (tried.stuck_at, tried.attempts) == (None, 1)
    tell(PaymentRefundFailed, reservation, operation_number=3)
    assert newest(reservation).stuck_at is None
    assert_compensated(tell(PaymentRefunded, reservation))


# Deadlines


def time_out(reservation: Reservation) -> Saga:
    factories.make_due(reservation)
    assert services.end_due_sagas(now=NOW) == 1
    return newest(reservation)


STEPS = pytest.mark.parametrize(
    ("make", "what", "answer", "after"),
    [
        (factories.confirmed_reservation, ("Capture", 2), PaymentCaptured, "DONE"),
        (withdrawn, ("Capture", 2), PaymentCaptured, "REFUNDING"),
        (voiding, ("Void", 2), PaymentVoided, "COMPENSATED"),
        (refunding, ("Refund", 3), PaymentRefunded, "COMPENSATED"),
    ],
    ids=["CAPTURING", "WITHDRAWING", "VOIDING", "REFUNDING"],
)


@STEPS
def test_a_deadline_asks_again_under_the_same_number(
    make: Any, what: tuple[str, int], answer: Any, after: str
) -> None:
    reservation = make()
    before, version = newest(reservation), reservation.version
    again = time_out(reservation)
    assert asked(reservation)[-1] == what == asked(reservation)[-2]
    assert (again.step, again.attempts) == (before.step, 2)
    assert told(reservation)[-1] == "asked again"
    reservation.refresh_from_db()
    assert reservation.version == version


@STEPS
def test_its_pauses_grow(make: Any, what: Any, answer: Any, after: str) -> None:
    reservation = make()
    for attempts in (1, 2, 3):
        due = newest(reservation)
        pause = PATIENCE.pause(attempts)
        rows = Saga.objects.filter(pk=due.pk)
        assert rows.filter(deadline_at__gt=Now() + pause - timedelta(seconds=20)).exists()
        assert rows.filter(deadline_at__lte=Now() + pause).exists()
        time_out(reservation)


@STEPS
def test_after_the_last_attempt_it_is_stuck_and_asks_no_more(
    make: Any, what: Any, answer: Any, after: str
) -> None:
    reservation = make()
    step = newest(reservation).step
    for _ in range(PATIENCE.attempts):
        stuck = time_out(reservation)
    assert (stuck.step, stuck.stuck_at, stuck.deadline_at) == (step, NOW, None)
    assert asked(reservation).count(what) == PATIENCE.attempts
    assert services.end_due_sagas(now=NOW) == 0


@STEPS
def test_what_is_stuck_goes_on_when_the_answer_comes(
    make: Any, what: Any, answer: Any, after: str
) -> None:
    reservation = make()
    for _ in range(PATIENCE.attempts):
        time_out(reservation)
    gone_on = tell(answer, reservation)
    assert (gone_on.step, gone_on.stuck_at, gone_on.last_error) == (after, None, "")


def test_a_confirmed_passenger_stays_confirmed_whatever_is_not_answered() -> None:
    reservation = factories.confirmed_reservation()
    for _ in range(PATIENCE.attempts):
        time_out(reservation)
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CONFIRMED
    assert Seat.objects.get(number="12A").status == Seat.Status.SOLD
    assert TimelineEntry.objects.latest("id").entry == "delayed"


def test_two_that_find_the_same_deadline_ask_once() -> None:
    reservation = factories.confirmed_reservation()
    first, second = newest(reservation), newest(reservation)
    orchestrator.advance(first, TimeOut(), now=NOW)
    with pytest.raises(LostRace), transaction.atomic():
        orchestrator.advance(second, TimeOut(), now=NOW)
    assert asked(reservation).count(("Capture", 2)) == 2
