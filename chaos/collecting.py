"""Reads everything that the checker needs: databases, topics, the processor's books."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chaos.databases import Databases, Row
from chaos.evidence import (
    Booked,
    Contact,
    Delivery,
    Event,
    Held,
    Mark,
    Operation,
    Payment,
    Reservation,
    Saga,
    Seat,
    TimelineEntry,
)
from chaos.invariants.effects import CONSUMERS
from chaos.settling import identity
from dev.processes import with_database

DEPARTURE: Final = "CONCAT(flight.carrier, flight.number, ' ', departure.date)"
FLOWN: Final = "JOIN flight ON flight.id = departure.flight_id"

RESERVATIONS: Final = f"""
    SELECT reservation.*, {DEPARTURE} AS flown FROM reservation
    JOIN departure ON departure.id = reservation.departure_id {FLOWN}
    """  # noqa: S608 (constants)
SEATS: Final = f"""
    SELECT seat.number AS seat, seat.status, seat.reservation_id, {DEPARTURE} AS flown FROM seat
    JOIN departure ON departure.id = seat.departure_id {FLOWN}
    WHERE seat.status IN ('HELD', 'SOLD')
    """  # noqa: S608 (constants)
SAGAS: Final = f"""
    SELECT saga.*, {DEPARTURE} AS flown FROM saga
    LEFT JOIN departure ON departure.id = saga.wanted_departure_id LEFT {FLOWN}
    ORDER BY saga.started_at
    """  # noqa: S608 (constants)


class Collector:
    """Reads what a run has left.

    Args:
        databases: the services'.
        books: the processor's file.
    """

    def __init__(self, databases: Databases, books: Path) -> None:
        self._databases = databases
        self._books = books

    def collect(self, open_until: Mapping[str, float]) -> dict[str, Any]:
        """The fields of `Evidence` that the databases and the books have."""
        return {
            "reservations": list(self._reservations(open_until)),
            "seats": [_seat(row) for row in self._databases.rows("booking", SEATS)],
            "sagas": [_saga(row) for row in self._databases.rows("booking", SAGAS)],
            "timeline": list(self._timeline()),
            "events": [event for service in CONSUMERS for event in self._events(service)],
            "marks": [mark for one in with_database() for mark in self._marks(one.name)],
            "payments": [_payment(row) for row in self._all("payment", "payment")],
            "operations": [_operation(row) for row in self._all("payment", "payment_operation")],
            "deliveries": [
                _delivery(row) for row in self._all("notification", "notification_delivery")
            ],
            "contacts": [
                _contact(row) for row in self._all("notification", "notification_contact")
            ],
            "held": [held for one in with_database() for held in self._held(one.name)],
            "books": list(self._booked()),
        }

    def _all(self, service: str, table: str) -> list[Row]:
        return self._databases.rows(service, f"SELECT * FROM {table}")  # noqa: S608 (ours)

    def _reservations(self, open_until: Mapping[str, float]) -> Iterator[Reservation]:
        query = "SELECT * FROM reservation_passenger ORDER BY id"
        party: dict[str, list[str]] = {}
        for row in self._databases.rows("booking", query):
            party.setdefault(identity(row["reservation_id"]), []).append(row["seat_number"])
        for row in self._databases.rows("booking", RESERVATIONS):
            key = identity(row["id"])
            yield Reservation(
                id=key,
                number=row["passenger_id"],
                status=row["status"],
                amount=row["amount"],
                currency=row["currency"],
                departure=row["flown"],
                seats=tuple(seat for seat in party.get(key, []) if seat),
                hold_expires_at=_seconds(row["hold_expires_at"]),
                open_until=open_until.get(key, 0.0),
            )

    def _timeline(self) -> Iterator[TimelineEntry]:
        query = "SELECT * FROM reservation_timeline ORDER BY id"
        for row in self._databases.rows("booking", query):
            yield TimelineEntry(identity(row["reservation_id"]), row["entry"], row["detail"])

    def _events(self, service: str) -> Iterator[Event]:
        for row in self._all(service, "outbox_event"):
            yield Event(
                service=service,
                order=row["id"],
                id=identity(row["event_id"]),
                key=row["key"],
                sequence=row["sequence"],
                type=row["type"],
                state=row["state"],
                payload=row["payload"],
            )

    def _marks(self, service: str) -> Iterator[Mark]:
        for row in self._all(service, "outbox_inbox_mark"):
            yield Mark(service, row["consumer"], row["source"], row["key"], row["sequence"])

    def _held(self, service: str) -> Iterator[Held]:
        for row in self._all(service, "outbox_held_message"):
            what = f"{row['type']} #{row['sequence']}: {row['reason']} {row['error'][-300:]}"
            yield Held(service, row["key"], what)
        for row in self._all(service, "outbox_event WHERE state = 'HELD'"):
            yield Held(service, row["key"], f"{row['type']} #{row['sequence']}: {row['error']}")

    def _booked(self) -> Iterator[Booked]:
        with closing(sqlite3.connect(self._books)) as connection:
            connection.row_factory = sqlite3.Row
            for row in connection.execute("SELECT * FROM entry ORDER BY id"):
                yield Booked(
                    key=row["idempotency_key"],
                    kind=row["kind"],
                    reference=row["reference"],
                    authorization=row["authorization"],
                    amount=row["amount"],
                    currency=row["currency"],
                    declined=row["declined"],
                )


def _seat(row: Row) -> Seat:
    return Seat(row["flown"], row["seat"], row["status"], identity(row["reservation_id"]))


def _saga(row: Row) -> Saga:
    return Saga(
        reservation=identity(row["reservation_id"]),
        kind=row["kind"],
        step=row["step"],
        is_live=row["live"] is not None,
        is_stuck=row["stuck_at"] is not None,
        captured=row["captured_amount"],
        refunded=row["refunded_amount"],
        wants=row["flown"] or "",
    )


def _payment(row: Row) -> Payment:
    key = identity(row["reservation_id"])
    return Payment(key, row["captured_amount"], row["refunded_amount"])


def _operation(row: Row) -> Operation:
    return Operation(
        reservation=identity(row["payment_id"]),
        order=row["id"],
        number=row["number"],
        kind=row["kind"],
        status=row["status"],
        amount=row["amount"],
        currency=row["currency"],
        reference=row["processor_reference"],
    )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=identity(row["id"]),
        event=identity(row["event_id"]),
        event_type=row["event_type"],
        reservation=identity(row["reservation_id"]),
        recipient=row["recipient"],
        status=row["status"],
    )


def _contact(row: Row) -> Contact:
    """The recipients as notification's contract has them: the contact, and each passenger with an
    address that nobody before has."""
    seen, recipients = {row["email"].lower()}, ["contact"]
    passengers: Sequence[dict[str, Any]] = json.loads(row["passengers"])
    for one in passengers:
        address = one["email"].lower()
        if address and address not in seen:
            seen.add(address)
            recipients.append(f"passenger:{one['passenger_id']}")
    return Contact(identity(row["reservation_id"]), tuple(recipients))


def _seconds(moment: datetime) -> float:
    """The databases' moments are UTC."""
    return moment.replace(tzinfo=UTC).timestamp()
