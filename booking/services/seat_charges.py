"""Whether other seats are paid for: what was paid for a seat is what a seat may cost."""

from collections.abc import Sequence
from datetime import datetime

from booking import selectors
from booking.models import Reservation, ReservationPassenger, Saga
from booking.selectors import Conflict
from contracts.money import money
from contracts.values import Price


class SeatCostsMore(Conflict):
    """The wanted seats cost more than was paid for seats; another departure can be paid for, a
    dearer seat cannot."""

    default_code = "seat-costs-more"


class BeingPriced(Conflict):
    """Fare is working out the price with the seats as they are; come back after `wait` seconds."""

    default_code = "being-priced"
    default_detail = "The price is just being worked out with these seats; try again shortly."
    wait = 1


def must_be_paid_for(
    reservation: Reservation,
    before: Sequence[ReservationPassenger],
    after: Sequence[ReservationPassenger],
    now: datetime,
) -> None:
    """Refuse seats that are dearer, all in all, than those that are left for them, or than what
    was paid for those.

    Args:
        before, after: the passengers as they sit and would sit, in the same order.

    Raises:
        BeingPriced: what they cost is just being worked out.
        SeatCostsMore: saying what the wanted seats cost.
    """
    price = reservation.quoted()
    if price is None:
        _must_not_be_at_fare(reservation)
        return
    moved = [pair for pair in zip(before, after, strict=True) if _differ(*pair)]
    cost = sum(_charge(reservation, new, price, now) for _, new in moved)
    covered = sum(max(_paid(old, price), _charge(reservation, old, price, now)) for old, _ in moved)
    if cost > covered:
        raise SeatCostsMore(
            f"These seats cost {money(cost, price.currency)}; "
            f"{money(covered, price.currency)} are paid for."
        )


def _must_not_be_at_fare(reservation: Reservation) -> None:
    live = selectors.live_saga(reservation.pk)
    if live is not None and (live.kind, live.step) == (Saga.Kind.BUYING, "QUOTING"):
        raise BeingPriced


def _differ(old: ReservationPassenger, new: ReservationPassenger) -> bool:
    return old.seat_number != new.seat_number


def _charge(
    reservation: Reservation, passenger: ReservationPassenger, price: Price, now: datetime
) -> int:
    """What a passenger's seat costs who chooses it."""
    charges = price.conditions.seat_charges if price.conditions else {}
    if not charges:
        return 0
    seat = selectors.seat_at(reservation.departure, passenger.seat_number, now)
    return max((charges.get(name, 0) for name in seat.characteristics), default=0)


def _paid(passenger: ReservationPassenger, price: Price) -> int:
    """What was paid for a passenger's seat."""
    own = (line for line in price.lines if line.passenger_id == passenger.passenger_id)
    return sum(line.amount for line in own if line.code.startswith("SEAT_"))
