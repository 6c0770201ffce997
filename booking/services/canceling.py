"""Giving a reservation up."""

from collections.abc import Container
from datetime import datetime
from uuid import UUID

from booking import saga, selectors
from booking.models import Reservation, Saga
from booking.services.versions import must_be_current, must_live
from outbox.transactions import LostRace, unit_of_work


@unit_of_work
def cancel_reservation(
    *,
    reservation_id: UUID,
    customer_id: str | None,
    versions: Container[int],
    now: datetime,
) -> Reservation:
    """Cancel a reservation for its customer: PENDING, or CONFIRMED as long as it has not left.

    Seats, saga, events, and the request to take back what the card was asked for are written in
    one transaction.

    Args:
        reservation_id: the reservation.
        customer_id: who cancels; None for the staff, who may cancel anybody's.
        versions: those at which it may be canceled.
        now: the current time, UTC.

    Raises:
        UnknownReservation: there is none of this customer.
        StaleVersion: it has another version by now.
        ReservationFinal: it has come to its end.
        DepartureDeparted: it has been flown.
    """
    reservation = selectors.reservation_of(reservation_id, customer_id=customer_id)
    must_be_current(reservation, versions)
    must_live(reservation)
    ending = _ending(reservation, now)
    ending.reservation = reservation
    saga.advance(ending, saga.Cancel(), now=now)
    return reservation


def _ending(reservation: Reservation, now: datetime) -> Saga:
    """The saga that ends the reservation: the one that buys it, or a new one."""
    if reservation.status == Reservation.Status.CONFIRMED:
        selectors.must_not_have_left(reservation.departure, now)
        bought = selectors.buying_saga(reservation.pk)
        canceling = saga.canceling(reservation, bought, now=now)
        canceling.save(force_insert=True)
        return canceling
    buying = selectors.live_saga(reservation.pk)
    if buying is None:
        raise LostRace(f"{reservation.record_locator} was ended since it was read")
    return buying
