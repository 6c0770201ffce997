"""What must be true of seats, reservations and sagas whenever nobody is just changing them."""

from typing import Final

from booking.models import Reservation, Saga, Seat
from contracts.booking import PaymentAuthorizeRequested, PaymentVoidRequested
from outbox.models import OutboxEvent

Status = Reservation.Status
ENDED: Final = {Status.CANCELED, Status.EXPIRED, Status.REJECTED}


def assert_seats_and_reservations_agree() -> None:
    """Every seat that is not free is that of a reservation which lives, and every passenger of such
    a reservation has the seat."""
    living = Reservation.objects.exclude(status__in=ENDED).prefetch_related("passengers")
    expected = {
        (reservation.departure_id, passenger.seat_number): (
            Seat.Status.SOLD if reservation.status == Status.CONFIRMED else Seat.Status.HELD,
            reservation.pk,
        )
        for reservation in living
        for passenger in reservation.passengers.all()
    }
    taken = Seat.objects.filter(status__in=[Seat.Status.HELD, Seat.Status.SOLD])
    found = {(seat.departure_id, seat.number): (seat.status, seat.reservation_id) for seat in taken}
    assert found == expected
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
