"""What the system itself has written of reservations on their way."""

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from uuid import UUID

from django.db import connections

from bench.booking.inventory import Asked
from booking.models import Seat, TimelineEntry
from contracts.booking import PaymentAuthorizeRequested
from contracts.payment import PaymentAuthorized
from outbox.models import OutboxEvent

Moment = tuple[UUID, str, float]


def reservations(seats: Sequence[Asked]) -> list[UUID | None]:
    """Whose each seat is."""
    taken = Seat.objects.filter(
        number__in={seat.seat for seat in seats},
        departure__flight__number__in={seat.flight for seat in seats},
        reservation_id__isnull=False,
    )
    rows = taken.values_list(
        "departure__flight__number", "departure__date", "number", "reservation_id"
    )
    owners = {Asked(flight, day, number): owner for flight, day, number, owner in rows}
    return [owners.get(seat) for seat in seats]


def ticketed(reservation_ids: Sequence[UUID]) -> int:
    """How many have their tickets."""
    return TimelineEntry.objects.filter(reservation__in=reservation_ids, entry="ticketed").count()


def moments(reservation_ids: Sequence[UUID]) -> dict[UUID, dict[str, float]]:
    """Seconds since 1970 by moment, of each."""
    found: dict[UUID, dict[str, float]] = defaultdict(dict)
    for source in (_of_booking, _of_payment, _of_processor):
        for reservation_id, moment, at in source(reservation_ids):
            found[reservation_id][moment] = at
    return found


def _of_booking(reservation_ids: Sequence[UUID]) -> Iterator[Moment]:
    yield from _appended(
        "default", PaymentAuthorizeRequested.type, "request written", reservation_ids
    )
    named = {"confirmed": "applied by booking", "ticketed": "ticketed"}
    entries = TimelineEntry.objects.filter(reservation__in=reservation_ids, entry__in=named)
    for reservation_id, entry, at in entries.values_list("reservation_id", "entry", "at"):
        yield reservation_id, named[entry], at.timestamp()


def _of_payment(reservation_ids: Sequence[UUID]) -> Iterator[Moment]:
    """By SQL: two services' models do not go into one process."""
    yield from _appended("payment", PaymentAuthorized.type, "answer written", reservation_ids)
    with connections["payment"].cursor() as cursor:
        cursor.execute(
            "SELECT payment_id, kind, UNIX_TIMESTAMP(requested_at), UNIX_TIMESTAMP(completed_at)"
            " FROM payment_operation WHERE payment_id IN %s",
            [[str(reservation_id) for reservation_id in reservation_ids]],
        )
        for payment_id, kind, requested, completed in cursor.fetchall():
            if kind == "AUTHORIZE":
                yield UUID(str(payment_id)), "recorded by payment", float(requested)
            elif kind == "CAPTURE":
                yield UUID(str(payment_id)), "captured", float(completed)


def _of_processor(reservation_ids: Iterable[UUID]) -> Iterator[Moment]:
    """From the file: the other company's books, which outlive its process."""
    asked = set(reservation_ids)
    with closing(sqlite3.connect(os.environ["PROCESSOR_BOOKS"])) as books:
        rows = books.execute(
            "SELECT idempotency_key, decided_at FROM entry WHERE kind = 'AUTHORIZE'"
        ).fetchall()
    for key, decided_at in rows:
        reservation_id = UUID(key.partition(":")[0])
        if reservation_id in asked:
            yield reservation_id, "processor answered", decided_at


def _appended(
    database: str, type_: str, moment: str, reservation_ids: Sequence[UUID]
) -> Iterator[Moment]:
    keys = [str(reservation_id) for reservation_id in reservation_ids]
    events = OutboxEvent.objects.using(database).filter(key__in=keys, type=type_)
    for key, at in events.values_list("key", "created_at"):
        yield UUID(key), moment, at.timestamp()
