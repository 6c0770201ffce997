"""What must be true of seats, reservations and sagas whenever nobody is just changing them."""

import json
from collections import defaultdict
from typing import Final

from django.db.models import Q

from booking.invariants import violations
from booking.models import Reservation, Saga, TimelineEntry
from contracts.booking import (
    PaymentAuthorizeRequested,
    PaymentCaptureRequested,
    PaymentRefundRequested,
    PaymentVoidRequested,
    ReservationConfirmed,
    TicketsIssued,
)
from outbox.models import OutboxEvent

Status = Reservation.Status
OPERATIONS: Final = [
    PaymentAuthorizeRequested.type,
    PaymentCaptureRequested.type,
    PaymentVoidRequested.type,
    PaymentRefundRequested.type,
]
ENDED: Final = {Status.CANCELED, Status.EXPIRED, Status.REJECTED}


def assert_seats_and_reservations_agree() -> None:
    """Nothing breaks the invariants of the inventory, what is PENDING has a live saga, and every
    live saga has a deadline or waits for an operator."""
    assert [str(violation) for violation in violations()] == []
    live = Saga.objects.exclude(live=None)
    pending = Reservation.objects.filter(status=Status.PENDING).values_list("pk", flat=True)
    assert set(live.values_list("live", flat=True)) >= set(pending)
    assert not live.filter(deadline_at=None, stuck_at=None).exists()


def assert_what_ended_is_voided() -> None:
    """Of those whose payment was asked for, exactly those that were given up before the card was
    charged, and those whose card could not be charged, have a void; those that were confirmed have
    a charge, however often asked for."""
    voided = _voided()
    captured = _keys(PaymentCaptureRequested.type)
    assert captured == _keys(ReservationConfirmed.type)
    ended = Reservation.objects.filter(status__in=[Status.CANCELED, Status.EXPIRED])
    asked = _keys(PaymentAuthorizeRequested.type) - captured
    given_up = {str(pk) for pk in ended.values_list("pk", flat=True)} & asked
    assert voided == given_up | _not_charged()


def _voided() -> set[str]:
    """Those of which what they were to be bought with was voided; that has the first number."""
    rows = OutboxEvent.objects.filter(type=PaymentVoidRequested.type)
    asked = rows.values_list("key", "payload")
    return {key for key, payload in asked if json.loads(payload)["authorization_number"] == 1}


def _not_charged() -> set[str]:
    """Those whose charge was refused: that ended them, or they had been given up meanwhile. Who
    has tickets was charged: it was a change that was not."""
    refused = TimelineEntry.objects.filter(
        Q(entry="canceled", detail__startswith="capture_refused") | Q(entry="not charged")
    )
    bought = _keys(TicketsIssued.type)
    return {str(pk) for pk in refused.values_list("reservation_id", flat=True)} - bought


def assert_what_is_kept_is_owed() -> None:
    """Of what was charged that much is left, once nothing is under way: what a confirmed
    reservation costs, or what its cancelation left with us."""
    live = Saga.objects.exclude(live=None).values("live")
    for reservation in Reservation.objects.exclude(pk__in=live):
        sagas = list(reservation.sagas.order_by("pk"))
        left = sum(one.captured_amount - one.refunded_amount for one in sagas)
        if reservation.status == Status.CONFIRMED:
            assert left == reservation.amount
        elif any(one.captured_amount for one in sagas):
            assert left == next(
                one.kept_amount for one in reversed(sagas) if one.kind != Saga.Kind.CHANGING
            )


def assert_payment_operations_are_numbered() -> None:
    """What was asked of payment for a reservation has the numbers 1, 2, 3 …, in that order; asked
    again it has the number that it had, and is the same."""
    asked: dict[str, dict[int, str]] = defaultdict(dict)
    rows = OutboxEvent.objects.filter(type__in=OPERATIONS).order_by("key", "sequence")
    for key, payload in rows.values_list("key", "payload"):
        number = json.loads(payload)["operation_number"]
        assert asked[key].setdefault(number, payload) == payload
    given = Reservation.objects.filter(payment_operations__gt=0)
    counts = {str(pk): count for pk, count in given.values_list("pk", "payment_operations")}
    numbers = {key: list(payloads) for key, payloads in asked.items()}
    assert numbers == {key: list(range(1, count + 1)) for key, count in counts.items()}


def _keys(type_: str) -> set[str]:
    return set(OutboxEvent.objects.filter(type=type_).values_list("key", flat=True))
