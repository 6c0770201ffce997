"""What must be true of seats, reservations and sagas whenever nobody is just changing them."""

import json
from collections import defaultdict
from typing import Final

from booking.invariants import violations
from booking.models import Reservation, Saga
from contracts.booking import (
    PaymentAuthorizeRequested,
    PaymentCaptureRequested,
    PaymentVoidRequested,
    ReservationConfirmed,
)
from outbox.models import OutboxEvent

Status = Reservation.Status
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
    charged have a void, one; and of those that were confirmed each has one charge."""
    voided = _keys(PaymentVoidRequested.type)
    captured = _keys(PaymentCaptureRequested.type)
    assert captured == _keys(ReservationConfirmed.type)
    ended = Reservation.objects.filter(status__in=[Status.CANCELED, Status.EXPIRED])
    asked = set(_keys(PaymentAuthorizeRequested.type)) - set(captured)
    assert voided == sorted({str(pk) for pk in ended.values_list("pk", flat=True)} & asked)


def assert_payment_operations_are_numbered() -> None:
    """What was asked of payment for a reservation has the numbers 1, 2, 3 …, in that order."""
    asked: dict[str, list[int]] = defaultdict(list)
    types = [PaymentAuthorizeRequested.type, PaymentVoidRequested.type]
    rows = OutboxEvent.objects.filter(type__in=types).order_by("key", "sequence")
    for key, payload in rows.values_list("key", "payload"):
        asked[key].append(json.loads(payload)["operation_number"])
    given = Reservation.objects.filter(payment_operations__gt=0)
    counts = {str(pk): count for pk, count in given.values_list("pk", "payment_operations")}
    assert asked == {key: list(range(1, count + 1)) for key, count in counts.items()}


def _keys(type_: str) -> list[str]:
    return sorted(OutboxEvent.objects.filter(type=type_).values_list("key", flat=True))
