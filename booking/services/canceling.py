"""Giving a reservation up."""

from collections.abc import Container
from datetime import datetime
from typing import Final
from uuid import UUID

import outbox
from booking import orchestrator, selectors
from booking.models import Reservation, Saga
from booking.services.quotes import AgreedCancelation, QuoteRequired, agreed
from booking.services.quoting import needs_quote
from booking.services.versions import must_be_current, must_live
from booking.steps.signals import Cancel
from contracts.values import Settlement
from outbox.transactions import LostRace, unit_of_work

# Their rows stay locked until the end of the transaction.
AT_ONCE: Final = 20


@unit_of_work
def cancel_reservation(
    *,
    reservation_id: UUID,
    customer_id: str | None,
    versions: Container[int],
    now: datetime,
    quote_id: str | None = None,
) -> Reservation:
    """Cancel a reservation for its customer: PENDING, or CONFIRMED as long as it has not left.

    What was paid at a fare's price goes back as it was quoted; for the staff, who may do without
    a quote, all of it. So does what was paid at the list price.

    Seats, saga, events, and the request to take back what the card was asked for are written in
    one transaction.

    Args:
        reservation_id: the reservation.
        customer_id: who cancels; None for the staff, who may cancel anybody's.
        versions: those at which it may be canceled.
        now: the current time, UTC.
        quote_id: what was quoted, if it was.

    Raises:
        UnknownReservation: there is none of this customer.
        StaleVersion: it has another version by now.
        ReservationFinal: it has come to its end.
        DepartureDeparted: it has been flown.
        QuoteRequired: what goes back has to be agreed on first.
        QuoteInvalid and others: see `quotes.agreed`.
    """
    reservation = selectors.reservation_of(reservation_id, customer_id=customer_id)
    must_be_current(reservation, versions)
    must_live(reservation)
    if reservation.status == Reservation.Status.CONFIRMED:
        selectors.must_not_have_left(reservation.departure, now)
    settlement = _settlement(reservation, quote_id, now)
    if settlement is None and customer_id is not None and needs_quote(reservation):
        raise QuoteRequired
    orchestrator.advance(_ending(reservation, now), Cancel(settlement=settlement), now=now)
    return reservation


def _settlement(reservation: Reservation, quote_id: str | None, now: datetime) -> Settlement | None:
    """What was agreed on, if anything was."""
    if quote_id is None:
        return None
    return agreed(quote_id, AgreedCancelation, reservation, now).settlement


@unit_of_work
def cancel_those_on_canceled_departures(*, now: datetime) -> int:
    """Cancel reservations whose departure is canceled, some of them, in one transaction.

    It looks at what there is, and not at what there was when the departure was canceled: one that
    was being made just then is found by the next call. Any number of processes may do this.

    Args:
        now: the current time, UTC.

    Returns:
        How many there were.
    """
    stranded = selectors.on_canceled_departures(AT_ONCE)
    events = [
        (reservation, event)
        for reservation in stranded
        for event in orchestrator.react(
            _ending(reservation, now), Cancel("departure_canceled"), now=now
        )
    ]
    outbox.append_batch(events)
    return len(stranded)


def _ending(reservation: Reservation, now: datetime) -> Saga:
    """The saga that ends the reservation: the one that runs, or a new one for what is bought."""
    live = selectors.live_saga(reservation.pk)
    if live is not None and orchestrator.waits_for(live, Cancel):
        live.reservation = reservation
        return live
    if live is not None or reservation.status != Reservation.Status.CONFIRMED:
        raise LostRace(f"{reservation.record_locator} was ended since it was read")
    canceling = orchestrator.canceling(reservation, now=now)
    canceling.save(force_insert=True)
    return canceling
