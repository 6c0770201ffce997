"""What a saga reacts to: payment's answers, and what customers, operators and the clock say."""

from dataclasses import dataclass

from contracts.payment import PaymentEvent
from contracts.values import Settlement


@dataclass(frozen=True)
class Pay:
    """The customer pays for what was only held."""

    payment_token: str


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


Signal = PaymentEvent | Pay | Cancel | Change | TimeOut | Retry | Complete
