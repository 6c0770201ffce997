"""A simulated card processor, shipped for demonstrations and tests.

It answers by the card's token (`payment.processors.tokens` has the table), always the same, and
keeps books of its own: a key that it has seen gets the answer it got before, and charges nobody
again. While there is a file named like the books with `.down` behind it, nobody is there.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from uuid_utils.compat import uuid7

from payment.processors import (
    Answer,
    Approved,
    Authorization,
    Capture,
    Declined,
    Kind,
    OutcomeUnknown,
    Refund,
    Transaction,
    Void,
)
from payment.processors.books import Books, Entry, Page
from payment.processors.tokens import course

LATE_SECONDS: Final = 2.0


class Away(OutcomeUnknown):
    """Nobody is there."""


class Lost(OutcomeUnknown):
    """It was booked, and the answer got lost."""


class Undecided(OutcomeUnknown):
    """It is booked, and not decided yet."""


class Simulator:
    """See the module.

    Args:
        books: the file that holds the processor's books; it is made when it is not there.
        latency: how many seconds every call takes.
        late: for how many seconds what is late is undecided.
    """

    def __init__(self, books: Path, *, latency: float = 0.0, late: float = LATE_SECONDS) -> None:
        self.books = Books(books)
        self.latency = latency
        self.late = late
        self._closed = Path(f"{books}.down")

    @classmethod
    def from_settings(cls) -> Self:
        """The simulator that the settings describe.

        Raises:
            ImproperlyConfigured: the books cannot be kept where the settings say.
        """
        try:
            return cls(
                Path(settings.PROCESSOR_BOOKS),
                latency=settings.PROCESSOR_LATENCY_MS / 1000,
                late=settings.PROCESSOR_LATE_MS / 1000,
            )
        except (OSError, sqlite3.Error) as error:
            raise ImproperlyConfigured(f"PROCESSOR_BOOKS cannot be used: {error}.") from error

    def authorize(self, authorization: Authorization) -> Answer:
        """See `Processor.authorize`."""
        key = authorization.idempotency_key
        self.arrive()
        if misses := course(authorization.token, "AUTHORIZE").nobody_there:
            with self.books.locked() as page:
                missed = page.miss(key)
            if missed < misses:
                raise Away("nobody is there")
        return self._answer(key, partial(self._authorization, authorization))

    def capture(self, capture: Capture) -> Answer:
        """See `Processor.capture`."""
        self.arrive()
        return self._answer(capture.idempotency_key, partial(_follow_up, "CAPTURE", capture))

    def void(self, void: Void) -> Answer:
        """See `Processor.void`."""
        self.arrive()
        return self._answer(void.idempotency_key, partial(_follow_up, "VOID", void))

    def refund(self, refund: Refund) -> Answer:
        """See `Processor.refund`."""
        self.arrive()
        return self._answer(refund.idempotency_key, partial(_follow_up, "REFUND", refund))

    def outcome(self, idempotency_key: str) -> Answer | None:
        """See `Processor.outcome`."""
        self.arrive()
        with self.books.locked() as page:
            entry = page.find(idempotency_key)
        return None if entry is None else _told(entry)

    def transactions(self) -> Iterator[Transaction]:
        """See `Processor.transactions`."""
        self.arrive()
        with self.books.locked() as page:
            entries = page.entries()
        for entry in entries:
            if entry.decided_at <= time.time():
                yield Transaction(
                    idempotency_key=entry.idempotency_key,
                    kind=entry.kind,
                    amount=entry.amount,
                    currency=entry.currency,
                    answer=_told(entry),
                )

    def arrive(self) -> None:
        """The way to the processor."""
        if self.latency:  # even to sleep for no time takes a tenth of a millisecond
            time.sleep(self.latency)
        if self._closed.exists():
            raise Away("nobody is there")

    def _answer(self, idempotency_key: str, decide: Callable[[Page], Entry]) -> Answer:
        """What the books say to a key; what they have not seen is decided and booked first."""
        with self.books.locked() as page:
            entry = page.find(idempotency_key)
            if entry is None:
                entry = decide(page)
                page.add(entry)
            page.count_asked(entry)
        if entry.asked < course(entry.token, entry.kind).lost_answers:
            raise Lost("timed out")
        return _told(entry)

    def _authorization(self, asked: Authorization, page: Page) -> Entry:
        plan, reference = course(asked.token, "AUTHORIZE"), _reference()
        return Entry(
            idempotency_key=asked.idempotency_key,
            kind="AUTHORIZE",
            reference=reference,
            authorization=reference,
            token=asked.token,
            amount=asked.amount,
            currency=asked.currency,
            declined=plan.declined,
            decided_at=time.time() + (self.late if plan.late else 0),
        )


def _follow_up(kind: Kind, asked: Capture | Void | Refund, page: Page) -> Entry:
    authorization = page.authorization(asked.authorization)
    whole = authorization.amount if authorization else 0
    amount = whole if isinstance(asked, Void) else asked.amount
    return Entry(
        idempotency_key=asked.idempotency_key,
        kind=kind,
        reference=_reference(),
        authorization=asked.authorization,
        token=authorization.token if authorization else "",
        amount=amount,
        currency=authorization.currency if authorization else "",
        declined=_refusal(page, authorization, kind, amount),
        decided_at=time.time(),
    )


def _refusal(page: Page, authorization: Entry | None, kind: Kind, amount: int) -> str:
    """Why the books do not allow it, or the card's own reason, or nothing."""
    if authorization is None:
        return "no_such_authorization"
    of_it = authorization.reference
    captured, voided = page.total(of_it, "CAPTURE"), page.total(of_it, "VOID")
    rest = {
        "CAPTURE": authorization.amount - captured - voided,
        "VOID": 0 if captured or voided else amount,
        "REFUND": captured - page.total(of_it, "REFUND"),
    }[kind]
    return "amount_too_large" if amount > rest else course(authorization.token, kind).declined


def _told(entry: Entry) -> Answer:
    """The outcome of an entry, once it is decided."""
    if entry.decided_at > time.time():
        raise Undecided("not decided yet")
    if entry.declined:
        return Declined(reason=entry.declined)
    return Approved(reference=entry.reference)


def _reference() -> str:
    return f"sim_{uuid7().hex}"
