"""What must be true of seats, reservations and sagas whenever nobody is just changing them."""

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


def _keys(type_: str) -> list[str]:
    return sorted(OutboxEvent.objects.filter(type=type_).values_list("key", flat=True))
