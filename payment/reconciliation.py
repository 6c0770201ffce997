"""Whether payments, the processor's books and what reservations owe agree, and where they do not.

Only what has come to rest is compared: on a running system there is always something that the
processor has done and nobody has recorded yet.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Final
from uuid import UUID

from payment import selectors, services
from payment.models import Operation, Payment
from payment.processors import Approved, Processor, Transaction

CHUNK: Final = 500


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two that do not agree about a payment.

    Args:
        about: an operation's idempotency key, or a reservation's id.
        what: how they differ.
        repair: does the one thing there is to do about it, and says whether that was still needed;
            nothing where somebody has to decide.
    """

    about: str
    what: str
    repair: Callable[[], bool] | None = None

    def __str__(self) -> str:
        return f"{self.about}: {self.what}"


def differences(processor: Processor, *, rest: timedelta, now: datetime) -> Iterator[Difference]:
    """Everything that does not agree: processor and operations, then payments and what is owed.

    Args:
        processor: whose books are read.
        rest: for how long nothing must have happened to what is compared.
        now: the moment that `rest` is counted back from.

    Raises:
        OutcomeUnknown: the processor's books cannot be read.
    """
    before = now - rest
    booked: set[str] = set()
    lines = processor.transactions()
    while chunk := list(islice(lines, CHUNK)):
        booked.update(line.idempotency_key for line in chunk)
        yield from _booked_there(chunk, before, now)
    yield from _not_booked_there(booked, before)
    for payment in selectors.payments_at_rest(before):
        yield from _owed(payment, now)


def _booked_there(
    chunk: list[Transaction], before: datetime, now: datetime
) -> Iterator[Difference]:
    """What the processor has booked, beside what is recorded of it."""
    known = selectors.operations_by_key(line.idempotency_key for line in chunk)
    for line in chunk:
        key, operation = line.idempotency_key, known.get(line.idempotency_key)
        if operation is None:
            yield Difference(
                about=key, what=f"nobody asked for the {line.kind} that the processor has"
            )
        elif not services.is_about(operation, line):
            yield Difference(about=key, what=f"asked as {_asked(operation)}, booked as {_of(line)}")
        elif operation.is_settled:
            if not services.agrees(operation, line.answer):
                yield Difference(about=key, what=f"{operation.status} here, {_of(line)} there")
        elif operation.requested_at <= before:
            yield Difference(
                about=key,
                what=f"{operation.status} here, {_of(line)} there",
                repair=partial(services.record_told, operation, line.answer, now=now),
            )


def _not_booked_there(booked: set[str], before: datetime) -> Iterator[Difference]:
    """What is recorded as done, or still to be done, and not in the processor's books."""
    for operation in selectors.done_by_processor(before):
        if operation.idempotency_key not in booked:
            yield Difference(
                about=operation.idempotency_key,
                what=f"{_asked(operation)} SUCCEEDED here, and the processor has no such thing",
            )
    for operation in selectors.open_operations(before):
        if operation.idempotency_key not in booked:
            yield Difference(
                about=operation.idempotency_key,
                what=f"{_asked(operation)} still {operation.status} after "
                f"{operation.attempts} attempts: {operation.reason or 'not asked yet'}",
                repair=partial(services.ask_again, operation),
            )


def _owed(payment: Payment, now: datetime) -> Iterator[Difference]:
    """What was kept and is reserved, beside what the reservation owes."""
    key: UUID = payment.pk
    untouched = [one for one in selectors.authorizations(payment) if one.is_untouched]
    kept, owed = payment.kept_amount, payment.owed_amount or 0
    if payment.excess_amount:
        refused = selectors.was_refund_refused(payment)
        yield Difference(
            about=str(key),
            what=f"{kept} {payment.currency} kept, {owed} owed"
            + (", and a refund was refused" if refused else ""),
            # Somebody has looked at what was refused, and may have given it back by hand.
            repair=None if refused else partial(services.refund_excess, key, now=now),
        )
    if kept < owed:
        yield Difference(about=str(key), what=f"{owed} {payment.currency} owed, {kept} charged")
    if untouched and kept >= owed:
        reserved = sum(one.amount for one in untouched)
        yield Difference(
            about=str(key),
            what=f"{reserved} {payment.currency} reserved, and nothing more is owed",
            # Of a reservation that lives on it may be for a change that is stuck.
            repair=partial(services.void_unowed, key, now=now) if not owed else None,
        )


def _asked(operation: Operation) -> str:
    return f"{operation.kind} of {operation.amount} {operation.currency}"


def _of(line: Transaction) -> str:
    answer = "approved" if isinstance(line.answer, Approved) else "declined"
    return f"{line.kind} of {line.amount} {line.currency} {answer}"
