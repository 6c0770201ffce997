"""A million reservations and five times as many published events, by SQL that copies one
reservation inside the server."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import UUIDField

from booking.models import Reservation, ReservationPassenger, Saga, TimelineEntry
from outbox.models import SHARDS, OutboxEvent

CHUNK: Final = 50_000
EVENTS_EACH: Final = 5
# Keys look like UUIDs of version 7, older than any real one, in ascending order.
KEY: Final = "CONCAT('01800000-0000-7000-8000-', LPAD(HEX(seq), 12, '0'))"
# No real locator has a digit 0 or 1 in front; those of a copy have one.
LOCATOR: Final = "CONCAT('0', LPAD(CONV(seq, 10, 36), 5, '0'))"


def load(reservations: int, of: UUID) -> Iterator[int]:
    """Add so many copies of a reservation, with its passengers, sagas, timeline and five events;
    yields how many there are after each chunk.

    Args:
        reservations: how many.
        of: one that has come to its end.
    """
    for first in range(1, reservations + 1, CHUNK):
        last = min(first + CHUNK - 1, reservations)
        for statement, values in _statements(of):
            with connection.cursor() as cursor:
                cursor.execute(statement.format(first=first, last=last), values)
        yield last
    with connection.cursor() as cursor:
        for model in (Reservation, ReservationPassenger, Saga, TimelineEntry, OutboxEvent):
            cursor.execute(f"ANALYZE TABLE {model._meta.db_table}")


def _statements(of: UUID) -> Iterator[tuple[str, list[Any]]]:
    yield _copying(Reservation, {"id": KEY, "record_locator": LOCATOR}, "id = %s"), [str(of)]
    for model in (ReservationPassenger, Saga, TimelineEntry):
        instead = {"reservation_id": KEY}
        if model is ReservationPassenger:
            instead["ticket_number"] = "NULL"  # nobody else has the same one
        yield _copying(model, instead, "reservation_id = %s"), [str(of)]
    events = {"event_id": "UUID()", "key": KEY, "shard": f"CRC32({KEY}) MOD {SHARDS}"}
    yield (
        _copying(OutboxEvent, events, f"`key` = %s AND sequence <= {EVENTS_EACH}"),
        [str(of)],
    )


def _copying(model: Any, instead: dict[str, str], where: str) -> str:
    """The INSERT of copies of a model's rows, all but these columns and their own keys as they
    are."""
    if isinstance(model._meta.pk, UUIDField):
        instead = {str(model._meta.pk.column): "UUID()", **instead}
    columns = [
        field.column
        for field in model._meta.concrete_fields
        if field.column in instead or not field.primary_key
    ]
    named = ", ".join(f"`{name}`" for name in columns)
    values = ", ".join(instead.get(name, f"`{name}`") for name in columns)
    # Nothing in it comes from outside.
    return (
        f"INSERT INTO {model._meta.db_table} ({named}) SELECT {values} "  # noqa: S608
        f"FROM {model._meta.db_table} JOIN seq_{{first}}_to_{{last}} WHERE {where}"
    )
