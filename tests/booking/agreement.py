"""What must be true of seats, reservations and sagas whenever nobody is just changing them."""

import json
from collections import defaultdict
from typing import Final

from booking.invariants import violations
from booking.models import Reservation, Saga
from contracts.booking import PaymentAuthorizeRequested, PaymentVoidRequested
from outbox.models import OutboxEvent

Status = Reservation.Status
ENDED: Final = {Status.CANCELED, Status.EXPIRED, Status.REJECTED}


def assert_seats_and_reservations_agree() -> None:
    """Nothing breaks the invariants of the inventory, and what is PENDING has a live saga."""
    assert [str(violation) for violation in violations()] == []
    pending = Reservation.objects.filter(status=Status.PENDING).values_list("pk", flat=True)
    assert set(Saga.objects.exclude(live=None).values_list("live", flat=True)) == set(pending)


def assert_what_ended_is_voided() -> None:
    """Of those whose payment was asked for, exactly those that were given up have a void, one."""
    voided = _keys(PaymentVoidRequested.type)
    ended = Reservation.objects.filter(status__in=[Status.CANCELED, Status.EXPIRED])
    asked = set(_keys(PaymentAuthorizeRequested.type))
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
