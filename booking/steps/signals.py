"""What a saga reacts to: payment's answers, and what customers, operators and the clock say."""

from dataclasses import dataclass

from contracts.payment import PaymentEvent


@dataclass(frozen=True)
class Pay:
    """The customer pays for what was only held."""

    payment_token: str


@dataclass(frozen=True)
class Cancel:
    """The reservation is given up; the code says by whom or what."""

    code: str = "customer"


@dataclass(frozen=True)
class TimeOut:
    """The step has lasted longer than it may."""


@dataclass(frozen=True)
class Retry:
    """An operator has what the step waits for asked for again."""


@dataclass(frozen=True)
class Complete:
    """An operator has settled by hand what the step waits for."""


Signal = PaymentEvent | Pay | Cancel | TimeOut | Retry | Complete
