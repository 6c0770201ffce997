"""The outside world: card processors behind one small protocol."""

from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


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
class Approved:
    """A definite yes, with the processor's own reference."""

    reference: str


@dataclass(frozen=True, kw_only=True)
class Declined:
    """A definite no, with its reason as a code: lower case, such as card_declined."""

    reason: str


Answer = Approved | Declined


class OutcomeUnknown(Exception):
    """The processor may or may not have done what it was asked: ask again with the same key."""


class Processor(Protocol):
    """A card processor. Its methods are called outside transactions, from several threads."""

    def authorize(self, authorization: Authorization) -> Answer:
        """Reserve an amount on a card.

        Raises:
            OutcomeUnknown: there was no definite answer.
        """
        ...


def processor() -> Processor:
    """The processor that the settings name."""
    made: Processor = import_string(settings.PROCESSOR).from_settings()
    return made
