"""The outside world: card processors behind one small protocol."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

CODE: Final = re.compile("[a-z][a-z0-9_]{0,59}")

Kind = Literal["AUTHORIZE", "CAPTURE", "VOID", "REFUND"]


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """What a processor is asked to reserve on a card.

    Args:
        idempotency_key: the same for every repetition of the same operation.
        token: the processor's token for the card.
        amount: minor units of `currency`.
        currency: ISO 4217.
    """

    idempotency_key: str
    token: str
    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class Void:
    """An authorization that a processor is asked to give up, as a whole.

    Args:
        idempotency_key: the same for every repetition of the same operation.
        authorization: the processor's reference of the authorization.
    """

    idempotency_key: str
    authorization: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is asked about an authorization, or a part of it.

    Args:
        idempotency_key: the same for every repetition of the same operation.
        authorization: the processor's reference of the authorization.
        amount: minor units of `currency`.
        currency: ISO 4217.
    """

    idempotency_key: str
    authorization: str
    amount: int
    currency: str


class Capture(Part):
    """What a processor is asked to charge of an authorization, in whole or in part."""


class Refund(Part):
    """What a processor is asked to give back of what it captured on an authorization."""


Request = Authorization | Capture | Void | Refund


@dataclass(frozen=True, kw_only=True)
class Approved:
    """A definite yes, with the processor's own reference: 1 to 255 characters.

    Raises:
        ValueError: it is not.
    """

    reference: str

    def __post_init__(self) -> None:
        """What could not be recorded is refused where it comes in."""
        if not 1 <= len(self.reference) <= 255:
            raise ValueError(f"a reference of {len(self.reference)} characters")


@dataclass(frozen=True, kw_only=True)
class Declined:
    """A definite no, with its reason as a code of the contracts, such as card_declined.

    Raises:
        ValueError: it is not.
    """

    reason: str

    def __post_init__(self) -> None:
        """What could not be told is refused where it comes in."""
        if not CODE.fullmatch(self.reason):
            raise ValueError(f"not a code: {self.reason!r}")


Answer = Approved | Declined


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """One line of a processor's books: something that it has done, or has said no to.

    Args:
        idempotency_key: what it was asked with.
        kind: what was asked.
        amount: minor units of `currency`.
        currency: ISO 4217.
        answer: what the processor has answered, for good.
    """

    idempotency_key: str
    kind: Kind
    amount: int
    currency: str
    answer: Answer


class OutcomeUnknown(Exception):
    """The processor may or may not have done what it was asked: ask again with the same key."""


class Processor(Protocol):
    """A card processor. Its methods are called outside transactions, from several threads.

    Asked again with a key that it knows, it does nothing and answers what it answered before. Every
    method raises OutcomeUnknown when there is no definite answer.
    """

    def authorize(self, authorization: Authorization) -> Answer:
        """Reserve an amount on a card."""
        ...

    def capture(self, capture: Capture) -> Answer:
        """Charge what was reserved, or a part of it."""
        ...

    def void(self, void: Void) -> Answer:
        """Give up what was reserved."""
        ...

    def refund(self, refund: Refund) -> Answer:
        """Give back what was charged, or a part of it."""
        ...

    def outcome(self, idempotency_key: str) -> Answer | None:
        """What was answered to a key, or nothing: it was never asked with it."""
        ...

    def transactions(self) -> Iterator[Transaction]:
        """Its books, oldest first; what is still undecided is not among them."""
        ...


def ask(processor: Processor, request: Request) -> Answer:
    """Put a request to a processor.

    Raises:
        OutcomeUnknown: there was no definite answer.
    """
    match request:
        case Authorization():
            return processor.authorize(request)
        case Capture():
            return processor.capture(request)
        case Void():
            return processor.void(request)
        case Refund():
            return processor.refund(request)


def processor() -> Processor:
    """The processor that the settings name."""
    made: Processor = import_string(settings.PROCESSOR).from_settings()
    return made
