"""The sagas as tables: each step, what it waits for, what follows, and what is taken back.

docs/saga.md is drawn from here (`make saga`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from booking.models import Saga
from booking.steps.effects import (
    cancel,
    cancel_uncharged,
    confirm,
    expire,
    issue_tickets,
    refuse,
    reject,
    take_price,
    tell,
)
from booking.steps.requests import authorize, capture, nothing_more, quote, refund, void
from booking.steps.signals import Cancel, Complete, Pay, PayOffered, Retry, TimeOut
from booking.steps.step import Ask, Patience, Reaction, Step
from contracts.fare import FareQuoted, FareRefused
from contracts.payment import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRefundFailed,
    PaymentVoided,
    PaymentVoidFailed,
)

# Asked for eight times within about an hour: a flood of requests would help nobody.
PATIENCE: Final = Patience(timedelta(seconds=30), timedelta(minutes=15), attempts=8)

price_asked_for: Final = tell("price asked for", "")
payment_asked_for: Final = tell("payment asked for", "")
settled_by_hand: Final = tell("settled", "by hand")
not_refunded: Final = tell("not refunded", "{signal.reason.code}: we are looking into it")
refund_instead: Final = tell("not voided", "{signal.reason.code}: the refund is asked for")
refund_at_once: Final = tell("charged", "though given up: the refund is asked for")
void_at_once: Final = tell("late authorization", "the void is asked for")
not_charged: Final = tell("not charged", "{signal.reason.code}: the void is asked for")
voided: Final = tell("voided", "the card is released, nothing is charged")
refunded: Final = tell("refunded", "all that was charged goes back to the card")


def asked_again(step: str, asks: Ask, what: str) -> Mapping[type, Reaction]:
    """What a step does that waits for an answer of payment: it asks for it again."""
    again = tell("asked again", f"for the {what}")
    return {
        TimeOut: Reaction(again, then=step, asks=asks),
        Retry: Reaction(again, then=step, asks=asks),
    }


REFUNDING: Final = Step(
    "REFUNDING",
    awaits=MappingProxyType(
        {
            PaymentRefunded: Reaction(refunded, then="COMPENSATED"),
            PaymentRefundFailed: Reaction(
                not_refunded, then="REFUNDING", asks=nothing_more, stuck=True
            ),
            **asked_again("REFUNDING", refund, "refund"),
            Complete: Reaction(settled_by_hand, then="COMPENSATED"),
        }
    ),
    patience=PATIENCE,
    notes=frozenset(
        {
            FareQuoted,
            PaymentAuthorized,
            PaymentCaptured,
            PaymentCaptureFailed,
            PaymentVoided,
            PaymentVoidFailed,
        }
    ),
)
BUYING: Final = (
    Step(
        "HOLDING",
        awaits=MappingProxyType(
            {
                Pay: Reaction(price_asked_for, then="QUOTING", asks=quote),
                PayOffered: Reaction(payment_asked_for, then="AUTHORIZING", asks=authorize),
                TimeOut: Reaction(expire, then="COMPENSATED"),
                Cancel: Reaction(cancel, then="COMPENSATED"),
            }
        ),
    ),
    # Passed over by who has the price of an offer.
    Step(
        "QUOTING",
        awaits=MappingProxyType(
            {
                FareQuoted: Reaction(take_price, then="AUTHORIZING", asks=authorize),
                FareRefused: Reaction(refuse, then="COMPENSATED"),
                TimeOut: Reaction(expire, then="COMPENSATED"),
                Cancel: Reaction(cancel, then="COMPENSATED"),
            }
        ),
        keeps_card=True,
    ),
    Step(
        "AUTHORIZING",
        awaits=MappingProxyType(
            {
                PaymentAuthorized: Reaction(confirm, then="CAPTURING", asks=capture),
                PaymentDeclined: Reaction(reject, then="COMPENSATED"),
                TimeOut: Reaction(expire, then="VOIDING", asks=void),
                Cancel: Reaction(cancel, then="VOIDING", asks=void),
            }
        ),
        notes=frozenset({FareQuoted}),
    ),
    Step(
        "CAPTURING",
        awaits=MappingProxyType(
            {
                PaymentCaptured: Reaction(None, then="TICKETING"),
                PaymentCaptureFailed: Reaction(cancel_uncharged, then="VOIDING", asks=void),
                Cancel: Reaction(cancel, then="WITHDRAWING"),
                **asked_again("CAPTURING", capture, "charge"),
                Complete: Reaction(settled_by_hand, then="TICKETING"),
            }
        ),
        patience=PATIENCE,
        notes=frozenset({FareQuoted, PaymentAuthorized}),
    ),
    Step("TICKETING", at_once=Reaction(issue_tickets, then="DONE")),
    # Given up while the charge is under way: its answer says what there is to take back.
    Step(
        "WITHDRAWING",
        awaits=MappingProxyType(
            {
                PaymentCaptured: Reaction(refund_at_once, then="REFUNDING", asks=refund),
                PaymentCaptureFailed: Reaction(not_charged, then="VOIDING", asks=void),
                **asked_again("WITHDRAWING", capture, "charge's outcome"),
                Complete: Reaction(settled_by_hand, then="COMPENSATED"),
            }
        ),
        patience=PATIENCE,
        notes=frozenset({FareQuoted, PaymentAuthorized}),
    ),
    Step(
        "VOIDING",
        awaits=MappingProxyType(
            {
                PaymentVoided: Reaction(voided, then="COMPENSATED"),
                PaymentVoidFailed: Reaction(refund_instead, then="REFUNDING", asks=refund),
                PaymentCaptured: Reaction(refund_at_once, then="REFUNDING", asks=refund),
                **asked_again("VOIDING", void, "void"),
                Complete: Reaction(settled_by_hand, then="COMPENSATED"),
            }
        ),
        patience=PATIENCE,
        notes=frozenset({FareQuoted, PaymentAuthorized, PaymentDeclined, PaymentCaptureFailed}),
    ),
    REFUNDING,
    Step("DONE", notes=frozenset({FareQuoted, PaymentAuthorized, PaymentCaptured}), ends=True),
    Step(
        "COMPENSATED",
        awaits=MappingProxyType(
            {
                PaymentAuthorized: Reaction(
                    void_at_once,
                    then="VOIDING",
                    asks=void,
                    once=("void_number", "capture_number"),
                ),
                PaymentCaptured: Reaction(
                    refund_at_once, then="REFUNDING", asks=refund, once=("refund_number",)
                ),
                PaymentVoidFailed: Reaction(
                    refund_instead, then="REFUNDING", asks=refund, once=("refund_number",)
                ),
            }
        ),
        notes=frozenset(
            {
                FareQuoted,
                FareRefused,
                PaymentDeclined,
                PaymentCaptureFailed,
                PaymentVoided,
                PaymentRefunded,
                PaymentRefundFailed,
            }
        ),
        ends=True,
    ),
)
CANCELING: Final = (
    Step(
        "ACCEPTED",
        awaits=MappingProxyType({Cancel: Reaction(cancel, then="REFUNDING", asks=refund)}),
    ),
    # It has asked for nothing but the refund.
    replace(REFUNDING, notes=frozenset()),
    Step("COMPENSATED", notes=frozenset({PaymentRefunded, PaymentRefundFailed}), ends=True),
)
SAGAS: Final[Mapping[str, Mapping[str, Step]]] = MappingProxyType(
    {
        Saga.Kind.BUYING: MappingProxyType({step.name: step for step in BUYING}),
        Saga.Kind.CANCELING: MappingProxyType({step.name: step for step in CANCELING}),
    }
)
