"""What a saga reacts to: what fare and payment answer, and what customers, operators and the clock
say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.fare import FareEvent
from contracts.payment import PaymentEvent
from contracts.values import Settlement


@dataclass(frozen=True)
class Pay:
    """The customer pays what fare will say.

    Args:
        payment_token: the card processor's token for the card.
        at: the moment of the sale.
        seats_sold: by booking class, those of others, where they are counted already.
    """

    payment_token: str = field(repr=False)
    at: datetime
    seats_sold: Mapping[str, int] | None = None


@dataclass(frozen=True)
class PayOffered:
    """The customer pays what an offer has promised."""

    payment_token: str = field(repr=False)


@dataclass(frozen=True)
class Cancel:
    """The reservation is given up; the code says by whom or what.

    What was confirmed goes back as the settlement says, which was quoted; without one, all of it.
    """

    code: str = "customer"
    settlement: Settlement | None = None


@dataclass(frozen=True)
class Change:
    """The customer confirms another departure, at what was quoted."""

    payment_token: str | None


@dataclass(frozen=True)
class TimeOut:
    """The step has lasted longer than it may."""


@dataclass(frozen=True)
class Retry:
    """An operator has what the step waits for asked for again."""


@dataclass(frozen=True)
class Complete:
    """An operator has settled by hand what the step waits for."""


Signal = FareEvent | PaymentEvent | Pay | PayOffered | Cancel | Change | TimeOut | Retry | Complete
