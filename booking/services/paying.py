"""Paying for what was only held."""

from datetime import datetime
from uuid import UUID

from booking import orchestrator, selectors
from booking.models import Reservation
from booking.selectors import Conflict
from booking.steps.signals import Pay
from outbox.transactions import unit_of_work


class NotPayable(Conflict):
    """The reservation is not one that waits to be paid."""

    default_code = "not-payable"


class HoldExpired(Conflict):
    """The hold has run out."""

    default_code = "hold-expired"
    default_detail = "The hold has run out."


@unit_of_work
def pay_reservation(
    *, reservation_id: UUID, customer_id: str | None, payment_token: str, now: datetime
) -> Reservation:
    """Ask for the payment of an unpaid hold, which lasts no longer for it.

    Args:
        reservation_id: the reservation.
        customer_id: who pays; None for the staff, who may pay for anybody.
        payment_token: the card processor's token for the customer's card.
        now: the current time, UTC.

    Raises:
        UnknownReservation: there is none of this customer.
        NotPayable: it is being paid, or has come to its end.
        HoldExpired: it is too late.
        DepartureClosed, DepartureDeparted, DepartureCanceled: nothing is sold on it any more.
    """
    reservation = selectors.reservation_of(reservation_id, customer_id=customer_id)
    buying = selectors.live_saga(reservation.pk)
    if buying is None or not orchestrator.waits_for(buying, Pay):
        raise NotPayable(f"The reservation is {reservation.status} and not waiting to be paid.")
    # A courtesy: who decides is the deadline, and a card would be asked for nothing.
    if reservation.hold_expires_at <= now:
        raise HoldExpired
    selectors.must_sell(reservation.departure, now)
    buying.reservation = reservation
    orchestrator.advance(buying, Pay(payment_token), now=now)
    return reservation
