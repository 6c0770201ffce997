"""A small model of fare, which speaks the contracts.

It answers a saga that asks with a price or with a refusal, whichever, and the same saga the same
again. It surprises by repeating what it has said without having been asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.booking.explorer.payments import Answer, Request

ASKED = "FareQuoteRequested"
OUTCOMES = ("FareQuoted", "FareRefused")


@dataclass(frozen=True)
class Fares:
    """What fare knows of one reservation.

    Args:
        told: what it has answered last, if anything.
    """

    told: Answer | None = None

    def ask(self, request: Request) -> Iterator[tuple["Fares", Answer]]:
        """Everything that it may answer to a request."""
        if self.told and self.told.saga == request.saga:
            yield self, self.told
            return
        for outcome in OUTCOMES:
            answer = Answer(outcome, request.saga, 0, 0)
            yield replace(self, told=answer), answer
