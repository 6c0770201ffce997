"""What must be true of seats, reservations and sagas whenever nobody is just changing them."""

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


def _keys(type_: str) -> list[str]:
    return sorted(OutboxEvent.objects.filter(type=type_).values_list("key", flat=True))
