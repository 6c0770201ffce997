"""Reservations, their sagas and their timelines."""

import unicodedata
from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, UUIDField
from django.db.models.functions import Now
from rest_framework.exceptions import NotFound

from booking.models import Departure, Reservation, ReservationPassenger, Saga, TimelineEntry
from booking.selectors.describing import described
from contracts.fare import FareEvent
from contracts.payment import PaymentEvent
from outbox.prepared import Argument, Look, Select, read_together

# Not Final: django-stubs would take the name for an attribute that is defined twice.
PARTY: str = "party"


class UnknownReservation(NotFound):
    """There is none, or not for who asks: which of the two is not told."""

    default_code = "unknown-reservation"
    default_detail = "There is no such reservation."


def with_party() -> QuerySet[Reservation]:
    """Every reservation, with its passengers and what events say of it."""
    passengers = ReservationPassenger.objects.order_by("id")
    return Reservation.objects.select_related(*described("departure__")).prefetch_related(
        Prefetch("passengers", queryset=passengers, to_attr=PARTY)
    )


def filtered(
    *,
    customer_id: str | None,
    status: Collection[str] = (),
    flight_number: int | None = None,
    departure_from: date | None = None,
    departure_to: date | None = None,
    passenger_id: int | None = None,
    created_since: datetime | None = None,
) -> QuerySet[Reservation]:
    """A customer's reservations, or everybody's (None), to which all of it applies, with what
    a line of a list needs; both dates are included."""
    wanted: dict[str, Any] = {
        "customer_id": customer_id,
        "status__in": status or None,
        "flight_number": flight_number,
        "departure__date__gte": departure_from,
        "departure__date__lte": departure_to,
        "passengers__passenger_id": passenger_id,
        "created_at__gte": created_since,
    }
    asked = {name: of for name, of in wanted.items() if of is not None}
    # A list shows no prices in full: they are not even read.
    lines = Reservation.objects.select_related("departure").defer("quoted_price")
    return lines.filter(**asked)


def reservation_of(reservation_id: UUID, *, customer_id: str | None) -> Reservation:
    """A reservation of a customer, or of anybody (None), with its passengers.

    Raises:
        UnknownReservation: there is none, or it is somebody else's.
    """
    reservation = with_party().filter(_is_of(customer_id), pk=reservation_id).first()
    if reservation is None:
        raise UnknownReservation
    return reservation


def on_canceled_departures(limit: int) -> list[Reservation]:
    """Reservations that live though their departure is canceled, the oldest first; but for those
    whose cancelation only waits for the end of a change."""
    noted = Saga.objects.filter(live=OuterRef("pk"), canceled_by="departure_canceled")
    living = Reservation.objects.filter(
        departure__status=Departure.Status.CANCELED,
        status__in=[Reservation.Status.PENDING, Reservation.Status.CONFIRMED],
    ).exclude(Exists(noted))
    return list(living.select_related(*described("departure__")).order_by("pk")[:limit])


def must_exist(reservation_id: UUID, *, customer_id: str | None) -> None:
    """Refuse what a customer, or nobody (None), has, before anything else is looked at.

    Raises:
        UnknownReservation: there is none, or it is somebody else's.
    """
    if not Reservation.objects.filter(_is_of(customer_id), pk=reservation_id).exists():
        raise UnknownReservation


def _is_of(customer_id: str | None) -> Q:
    return Q() if customer_id is None else Q(customer_id=customer_id)


def by_locator(locator: str, *, surname: str, customer_id: str | None) -> Reservation:
    """A reservation by its record locator and a passenger's surname, in whatever case.

    Args:
        locator: in capitals.
        surname: any passenger's.
        customer_id: whose, or anybody's.

    Raises:
        UnknownReservation: either is wrong, or it is somebody else's; which of it is not told.
    """
    found = with_party().filter(_is_of(customer_id), record_locator=locator)
    reservation = found.first()
    party: Sequence[ReservationPassenger] = reservation.party if reservation else ()
    surnames = {_plain(passenger.surname) for passenger in party if passenger.surname}
    if reservation is None or _plain(surname) not in surnames:
        raise UnknownReservation
    return reservation


def _plain(name: str) -> str:
    """A name as people compare it: not by its case, nor by how its accents are encoded."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def timeline(reservation_id: UUID) -> QuerySet[TimelineEntry]:
    """What happened to a reservation, in order."""
    return TimelineEntry.objects.filter(reservation_id=reservation_id).order_by("id")


def sagas() -> QuerySet[Saga]:
    """Every saga, with what events say of its reservation."""
    return Saga.objects.select_related(*described("reservation__departure__"))


def saga(saga_id: UUID) -> Saga:
    """A saga.

    Raises:
        Saga.DoesNotExist: there is none.
    """
    return sagas().get(pk=saga_id)


def live_saga(reservation_id: UUID) -> Saga | None:
    """The saga that runs for a reservation, if one does."""
    return sagas().filter(live=reservation_id).first()


def buying_saga(reservation_id: UUID) -> Saga:
    """The saga that bought, or buys, a reservation."""
    return sagas().get(reservation=reservation_id, kind=Saga.Kind.BUYING)


def saga_that_asked(event: FareEvent | PaymentEvent) -> Saga:
    """The saga whose request is answered, live or ended, and with it the reservation's passengers.

    Raises:
        Saga.DoesNotExist: the reservation has no such saga.
    """
    found, passengers = read_together(*looks_of_an_answer(event))
    if not found:
        raise Saga.DoesNotExist(f"{event.reservation_id} has no saga {event.saga_id}")
    saga, party = _asked().instance(found[0]), ReservationPassenger.of_reservation()
    saga.reservation.party = [party.instance(row) for row in passengers]
    return saga


def looks_of_an_answer(event: FareEvent | PaymentEvent) -> list[Look]:
    """What is read for an answer of fare's or payment's before anything else."""
    about = event.reservation_id
    return [
        (_asked().rows, {"saga": event.saga_id, "reservation": about}),
        (ReservationPassenger.of_reservation().rows, {"reservation": about}),
    ]


@cache
def _asked() -> Select[Saga]:
    """Every answer of fare's and payment's looks for its saga."""
    saga_id, reservation_id = (Argument(name, UUIDField()) for name in ("saga", "reservation"))
    return Select(sagas().filter(pk=saga_id, reservation=reservation_id))


def due_sagas(limit: int, *, only: UUID | None = None) -> list[Saga]:
    """Sagas that have waited until their deadline, on the database's clock, the longest first; of
    all, or `only` one."""
    due = _due(limit).all() if only is None else _all_due().filter(pk=only)[:limit]
    return sorted(due, key=lambda saga: saga.pk)


@cache
def _due(limit: int) -> Select[Saga]:
    """Whoever waits for deadlines looks twice a second."""
    return Select(_all_due()[:limit])


def _all_due() -> QuerySet[Saga]:
    return sagas().filter(deadline_at__lte=Now()).order_by("deadline_at")
