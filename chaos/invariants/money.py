"""3: what was kept is what is owed; the books agree to the cent; nothing was done twice."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from chaos.evidence import (
    CANCELED,
    CONFIRMED,
    Booked,
    Event,
    Evidence,
    Operation,
    Request,
    Reservation,
    grouped,
)
from chaos.invariants.violation import Finding

AUTHORIZE, CAPTURE, VOID, REFUND = "AUTHORIZE", "CAPTURE", "VOID", "REFUND"
# Asked once by a saga, whatever happens; refunds are several where there were several charges.
ONCE: Final = frozenset(
    {"PaymentAuthorizeRequested", "PaymentCaptureRequested", "PaymentVoidRequested"}
)


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Reservation by reservation; then what the books have, and what is recorded."""
    books = grouped(evidence.books, lambda line: line.reservation)
    agreed = {one.reservation: one.agreed for one in evidence.requests if _was_agreed(one)}
    for reservation in evidence.reservations:
        lines, events = books.get(reservation.id, []), evidence.events_of
        told = events.get(("booking", reservation.id), [])
        yield from _owed(reservation, lines, told, agreed.get(reservation.id))
        yield from _reserved(reservation, lines)
    yield from _totals(evidence, books)
    yield from _operations(evidence)
    yield from _twice(evidence)


def _was_agreed(request: Request) -> bool:
    return (
        request.agreed is not None and request.answer is not None and request.answer.status == 200
    )


def _owed(
    reservation: Reservation, lines: Sequence[Booked], told: Sequence[Event], agreed: int | None
) -> Iterator[Finding]:
    kept, owed = _total(lines, CAPTURE) - _total(lines, REFUND), owed_by(reservation, told)
    if kept != owed:
        yield Finding(reservation.id, f"owes {owed} {reservation.currency}, and was charged {kept}")
    if agreed is not None and reservation.status == CANCELED and agreed != owed:
        yield Finding(reservation.id, f"was quoted {agreed} for the cancelation, and owes {owed}")


def owed_by(reservation: Reservation, told: Sequence[Event]) -> int:
    """What is to be kept: the total if it is confirmed, what its cancelation costs if it was."""
    if reservation.status == CONFIRMED:
        return reservation.amount
    canceled = next((event for event in told if event.name == "ReservationCanceled"), None)
    settlement = canceled.json().get("settlement") if canceled else None
    return int(settlement["charged"]) if settlement else 0


def _reserved(reservation: Reservation, lines: Sequence[Booked]) -> Iterator[Finding]:
    """Nothing stays reserved on the card once the reservation is final."""
    for line in lines:
        if line.kind == AUTHORIZE and line.is_approved:
            about = [one for one in lines if one.authorization == line.reference]
            left = line.amount - _total(about, CAPTURE) - _total(about, VOID)
            if left:
                yield Finding(reservation.id, f"{left} {line.currency} stay reserved ({line.key})")


def _totals(evidence: Evidence, books: dict[str, list[Booked]]) -> Iterator[Finding]:
    for payment in evidence.payments:
        lines = books.get(payment.reservation, [])
        ours = payment.captured, payment.refunded
        theirs = _total(lines, CAPTURE), _total(lines, REFUND)
        if ours != theirs:
            yield Finding(
                payment.reservation,
                f"captured and refunded {ours} by payment, {theirs} by the processor",
            )


def _operations(evidence: Evidence) -> Iterator[Finding]:
    recorded = {one.key: one for one in evidence.operations}
    booked = {line.key: line for line in evidence.books}
    for key, line in booked.items():
        if key not in recorded:
            yield Finding(line.reservation, f"the processor did {line.kind} {key}, unasked")
        elif wrong := _differs(recorded[key], line):
            yield Finding(line.reservation, f"{key}: {wrong}")
    given_up = {one.reservation for one in evidence.operations if one.kind == VOID}
    for key, operation in recorded.items():
        if key not in booked and _was_asked(operation, given_up):
            yield Finding(
                operation.reservation, f"{key} {operation.status}, and is not in the books"
            )


def _was_asked(operation: Operation, given_up: Collection[str]) -> bool:
    """Whether the processor must have been. Payment itself refuses to authorize what is to be
    given up, and knows of what was not authorized that there is nothing to charge or give up."""
    if operation.kind == AUTHORIZE and operation.status == "FAILED":
        return operation.reservation not in given_up
    return operation.status == "SUCCEEDED" and bool(operation.reference)


def _differs(operation: Operation, line: Booked) -> str:
    ours = f"{operation.kind} of {operation.amount} {operation.currency}"
    theirs = f"{line.kind} of {line.amount} {line.currency}"
    if ours != theirs:
        return f"recorded as {ours}, booked as {theirs}"
    if (operation.status == "SUCCEEDED") != line.is_approved:
        return f"{operation.status} here, {line.declined or 'approved'} there"
    return ""


def _twice(evidence: Evidence) -> Iterator[Finding]:
    """No key is booked twice, no authorization charged or given up twice, and no saga has asked
    for the same under two numbers."""
    keys = Counter(line.key for line in evidence.books)
    done = Counter(
        (line.reservation, line.kind, line.authorization)
        for line in evidence.books
        if line.is_approved and line.kind in (CAPTURE, VOID)
    )
    for key, count in keys.items():
        if count > 1:
            yield Finding(key.rpartition(":")[0], f"{key} was done {count} times")
    for (reservation, kind, authorization), count in done.items():
        if count > 1:
            yield Finding(reservation, f"{kind} of {authorization} was done {count} times")
    yield from _asked_twice(evidence)


def _asked_twice(evidence: Evidence) -> Iterator[Finding]:
    asked: dict[tuple[str, str, str], set[int]] = {}
    for event in evidence.events:
        if event.service == "booking" and event.name in ONCE:
            told = event.json()
            numbers = asked.setdefault((event.key, event.name, told["saga_id"]), set())
            numbers.add(told["operation_number"])
    for (key, name, _), numbers in asked.items():
        if len(numbers) > 1:
            yield Finding(key, f"{name} under the numbers {sorted(numbers)} for one saga")


def _total(lines: Sequence[Booked], kind: str) -> int:
    return sum(line.amount for line in lines if line.kind == kind and line.is_approved)
