"""1: every accepted reservation is final in time, none lost, none invented."""

from collections.abc import Iterator
from typing import Final

from chaos.evidence import Evidence, Request, Reservation, grouped
from chaos.invariants.violation import Finding

FINAL_SECONDS: Final = 60.0
# Whoever holds a seat has it until the hold ends, by the clock of the process that gave it; then
# the row has to be found.
AFTER_HOLD_SECONDS: Final = 10.0


def findings(evidence: Evidence) -> Iterator[Finding]:
    """What the clients' logs and the database do not agree about, and what took too long."""
    asked = grouped(
        (one for one in evidence.requests if one.what == "reserve"), lambda one: one.number
    )
    stored = {one.id: one for one in evidence.reservations}
    for [request] in asked.values():
        yield from _lost(request, stored)
        yield from _told_differently(request)
    by_number = grouped(evidence.reservations, lambda one: one.number)
    for number, rows in by_number.items():
        yield from _invented(asked.get(number, []), rows)
    for reservation in evidence.reservations:
        yield from _late(reservation, evidence.last_fault)


def _lost(request: Request, stored: dict[str, Reservation]) -> Iterator[Finding]:
    if request.is_done and request.reservation not in stored:
        yield Finding(request.reservation, "was accepted, and is not in the database")


def _told_differently(request: Request) -> Iterator[Finding]:
    """Every definite answer to one key is the same, byte for byte."""
    told = {(one.status, one.text) for one in request.attempts if one.is_definite}
    if len(told) > 1:
        statuses = sorted(status for status, _ in told)
        yield Finding(request.reservation, f"one key was answered differently: {statuses}")


def _invented(asked: list[Request], rows: list[Reservation]) -> Iterator[Finding]:
    for extra in rows[1:]:
        yield Finding(extra.id, f"is there besides {rows[0].id}, for the same request")
    for row in rows:
        if not asked:
            yield Finding(row.id, "is in the database, and nobody asked for it")
        elif asked[0].answer and not asked[0].is_done:
            yield Finding(row.id, f"was refused with {asked[0].answer.status}, and is there")


def _late(reservation: Reservation, last_fault: float) -> Iterator[Finding]:
    due = max(last_fault + FINAL_SECONDS, reservation.hold_expires_at + AFTER_HOLD_SECONDS)
    if reservation.open_until > due:
        late = reservation.open_until - last_fault
        yield Finding(
            reservation.id,
            f"was not final {late:.0f} s after the last fault ({reservation.status})",
        )
