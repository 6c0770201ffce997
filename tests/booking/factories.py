"""Things that tests of booking start from. The clock is `NOW`, far ahead of the host's."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from booking import services
from booking.models import Departure, Flight, Reservation, Saga, Seat
from booking.services import Traveler
from contracts.payment import PaymentAuthorized, PaymentDeclined
from contracts.values import Reason

NOW: Final = datetime(2040, 1, 10, 12, 0, tzinfo=UTC)
FLIGHT_NUMBER: Final = 1001
PRICE: Final = 12900


def flight(number: int = FLIGHT_NUMBER, **facts: Any) -> Flight:
    """A flight from Stockholm to London, with seats 1A to 30F."""
    defaults = {
        "carrier": "ZQ",
        "origin": "ARN",
        "destination": "LHR",
        "origin_zone": "Europe/Stockholm",
        "departure_time": time(7, 40),
        "duration_minutes": 165,
        "seat_rows": 30,
        "seat_letters": "ABCDEF",
        "price_amount": PRICE,
        "currency": "EUR",
    }
    return Flight.objects.create(number=number, **{**defaults, **facts})


def departure(
    of: Flight,
    *,
    in_days: int = 1,
    status: Departure.Status = Departure.Status.OPEN,
    seats: Iterable[str] = ("12A", "12B"),
) -> Departure:
    """A departure so many days after `NOW`, with free seats."""
    departs_at = NOW + timedelta(days=in_days)
    made = Departure.objects.create(
        flight=of, date=departs_at.date(), departs_at=departs_at, status=status
    )
    Seat.objects.bulk_create(Seat(departure=made, number=number) for number in seats)
    return made


def seat(number: str = "12A") -> Seat:
    """A free seat on the only departure of a new flight."""
    return departure(flight(), seats=[number]).seats.get()


def reserve(*, seat_number: str = "12A", passenger_id: int = 1, **facts: Any) -> Reservation:
    """A PENDING reservation on the next departure of flight 1001, which is there already."""
    defaults = {
        "customer_id": "anna",
        "travelers": [Traveler(passenger_id, seat_number)],
        "payment_token": "tok_approve",
        "now": NOW,
    }
    return services.create_reservation(flight_number=FLIGHT_NUMBER, **{**defaults, **facts})


def take(numbers: str, *, of: Departure, owner: UUID | None = None) -> None:
    """Somebody takes these seats of a departure, such as "12A 12B"."""
    Seat.take(of, numbers.split(), owner=owner or uuid7())


def confirmed_reservation(**facts: Any) -> Reservation:
    """A CONFIRMED reservation for 12A, its flight and departure made with it."""
    departure(flight())
    return confirm(reserve(**facts))


def confirm(reservation: Reservation) -> Reservation:
    """The reservation after payment's yes."""
    services.signal_saga(authorized(reservation.pk), now=NOW)
    reservation.refresh_from_db()
    return reservation


def make_due(*reservations: Reservation) -> None:
    """The holds of these, or of all, have run out on the database's clock."""
    sagas = Saga.objects.exclude(live=None)
    if reservations:
        sagas = sagas.filter(reservation__in=reservations)
    sagas.update(deadline_at=Now() - timedelta(seconds=1))


def pending_reservation() -> Reservation:
    """A PENDING reservation for 12A, its flight and departure made with it."""
    departure(flight())
    return reserve()


def row(of: Departure, **facts: Any) -> Reservation:
    """A reservation's row by itself, in any status, without seat, saga or events."""
    defaults = {
        "customer_id": "anna",
        "passenger_id": 1,
        "flight_number": of.flight.number,
        "seat_number": "12A",
        "amount": PRICE,
        "currency": "EUR",
        "hold_expires_at": NOW + timedelta(minutes=15),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Reservation.objects.create(departure=of, **{**defaults, **facts})


def saga_of(reservation_id: UUID | None) -> UUID:
    """The saga that runs, or ran, for a reservation; any id where there is none."""
    saga = Saga.objects.filter(reservation_id=reservation_id).first() if reservation_id else None
    return saga.pk if saga else uuid7()


def authorized(reservation_id: UUID | None = None) -> PaymentAuthorized:
    """Payment's yes to the first operation."""
    return PaymentAuthorized(
        reservation_id=reservation_id or uuid7(),
        saga_id=saga_of(reservation_id),
        operation_number=1,
        amount=amount_of(reservation_id),
        currency="EUR",
    )


def amount_of(reservation_id: UUID | None) -> int:
    """What a reservation costs; one seat's price where there is none."""
    if reservation_id is None:
        return PRICE
    return Reservation.objects.get(pk=reservation_id).amount


def declined(reservation_id: UUID | None = None) -> PaymentDeclined:
    """Payment's no to the first operation."""
    return PaymentDeclined(
        reservation_id=reservation_id or uuid7(),
        saga_id=saga_of(reservation_id),
        operation_number=1,
        reason=Reason(code="card_declined"),
    )
