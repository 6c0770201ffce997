"""The sagas as tables: each step, what it waits for, what follows, and what is taken back.

docs/saga.md is drawn from here (`make saga`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from booking.models import Saga
from booking.steps.changes import (
    authorize_difference,
    costs_nothing_more,
    give_way,
    kept_for_good,
    recorded,
    reject_declined,
    reject_gone,
    reject_late,
    reject_uncharged,
    still_sells,
    swap,
)
from booking.steps.charges import (
    charged,
    given_back,
    given_back_by_hand,
    kept_as_agreed,
    nothing_is_due,
)
from booking.steps.effects import (
    cancel,
    cancel_uncharged,
    confirm,
    expire,
    issue_tickets,
    refunded,
    refuse,
    reject,
    take_price,
    tell,
)
from booking.steps.requests import authorize, capture, nothing_more, quote, refund, void
from booking.steps.signals import Cancel, Change, Complete, Pay, PayOffered, Retry, TimeOut
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
change_asked_for: Final = tell("change asked for", "the new seats are held")
cancelation_noted: Final = tell("cancelation noted", "it follows when the change has ended")
payment_asked_for: Final = tell("payment asked for", "")
settled_by_hand: Final = tell("settled", "by hand")
not_refunded: Final = tell("not refunded", "{signal.reason.code}: we are looking into it")
refund_instead: Final = tell("not voided", "{signal.reason.code}: the refund is asked for")
refund_at_once: Final = tell("charged", "though given up: what is not kept goes back")
void_at_once: Final = tell("late authorization", "the void is asked for")
not_charged: Final = tell("not charged", "{signal.reason.code}: the void is asked for")
voided: Final = tell("voided", "the card is released, nothing is charged")


def asked_again(step: str, asks: Ask, what: str) -> Mapping[type, Reaction]:
    """What a step does that waits for an answer of payment: it asks for it again."""
    again = tell("asked again", f"for the {what}")
    return {
        TimeOut: Reaction(again, then=step, asks=asks),
        Retry: Reaction(again, then=step, asks=asks),
    }


def refunding(name: str, *, then: str, notes: frozenset[type]) -> Step:
    """A step in which one refund after the other is asked for, until nothing is due back."""
    return Step(
        name,
        at_once=Reaction(None, then=then, where=nothing_is_due),
        awaits=MappingProxyType(
            {
                PaymentRefunded: Reaction(refunded, then=name, asks=refund, learns=given_back),
                PaymentRefundFailed: Reaction(
                    not_refunded, then=name, asks=nothing_more, stuck=True
                ),
                **asked_again(name, refund, "refund"),
                Complete: Reaction(settled_by_hand, then=then, learns=given_back_by_hand),
            }
        ),
        patience=PATIENCE,
        notes=notes,
    )


REFUNDING: Final = refunding(
    "REFUNDING",
    then="COMPENSATED",
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
# Given up while the charge is under way: its answer says what there is to take back.
WITHDRAWING: Final = Step(
    "WITHDRAWING",
    awaits=MappingProxyType(
        {
            PaymentCaptured: Reaction(
                refund_at_once, then="REFUNDING", asks=refund, learns=charged
            ),
            PaymentCaptureFailed: Reaction(not_charged, then="VOIDING", asks=void),
            **asked_again("WITHDRAWING", capture, "charge's outcome"),
            Complete: Reaction(settled_by_hand, then="COMPENSATED"),
        }
    ),
    patience=PATIENCE,
    notes=frozenset({FareQuoted, PaymentAuthorized}),
)
VOIDING: Final = Step(
    "VOIDING",
    awaits=MappingProxyType(
        {
            PaymentVoided: Reaction(voided, then="COMPENSATED"),
            PaymentVoidFailed: Reaction(
                refund_instead, then="REFUNDING", asks=refund, learns=charged
            ),
            PaymentCaptured: Reaction(
                refund_at_once, then="REFUNDING", asks=refund, learns=charged
            ),
            **asked_again("VOIDING", void, "void"),
            Complete: Reaction(settled_by_hand, then="COMPENSATED"),
        }
    ),
    patience=PATIENCE,
    notes=frozenset({FareQuoted, PaymentAuthorized, PaymentDeclined, PaymentCaptureFailed}),
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
                PaymentCaptured: Reaction(None, then="TICKETING", learns=charged),
                PaymentCaptureFailed: Reaction(cancel_uncharged, then="VOIDING", asks=void),
                Cancel: Reaction(cancel, then="WITHDRAWING", learns=kept_as_agreed),
                **asked_again("CAPTURING", capture, "charge"),
                Complete: Reaction(settled_by_hand, then="TICKETING", learns=charged),
            }
        ),
        patience=PATIENCE,
        notes=frozenset({FareQuoted, PaymentAuthorized}),
    ),
    Step("TICKETING", at_once=Reaction(issue_tickets, then="DONE")),
    WITHDRAWING,
    VOIDING,
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
                    refund_at_once,
                    then="REFUNDING",
                    asks=refund,
                    learns=charged,
                    once=("refund_number",),
                ),
                PaymentVoidFailed: Reaction(
                    refund_instead,
                    then="REFUNDING",
                    asks=refund,
                    learns=charged,
                    once=("refund_number",),
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
        awaits=MappingProxyType(
            {Cancel: Reaction(cancel, then="REFUNDING", asks=refund, learns=kept_as_agreed)}
        ),
    ),
    # It has asked for nothing but the refund.
    replace(REFUNDING, notes=frozenset()),
    Step("COMPENSATED", notes=frozenset({PaymentRefunded, PaymentRefundFailed}), ends=True),
)


def while_changing(step: Step) -> Step:
    """A step in which a change is taken back or settled: a cancelation is only recorded."""
    noted = Reaction(cancelation_noted, then=step.name, learns=recorded, keeps_waiting=True)
    return replace(step, awaits=MappingProxyType({**step.awaits, Cancel: noted}))


CHANGING: Final = (
    Step(
        "ACCEPTED",
        awaits=MappingProxyType(
            {Change: Reaction(change_asked_for, then="AUTHORIZING", asks=authorize_difference)}
        ),
    ),
    Step(
        "AUTHORIZING",
        at_once=Reaction(None, then="SWAPPING", where=costs_nothing_more),
        awaits=MappingProxyType(
            {
                PaymentAuthorized: Reaction(None, then="CAPTURING", asks=capture),
                PaymentDeclined: Reaction(reject_declined, then="COMPENSATED"),
                TimeOut: Reaction(reject_late, then="VOIDING", asks=void),
                Cancel: Reaction(give_way, then="VOIDING", asks=void, learns=recorded),
            }
        ),
    ),
    Step(
        "CAPTURING",
        awaits=MappingProxyType(
            {
                PaymentCaptured: Reaction(None, then="SWAPPING", learns=charged),
                PaymentCaptureFailed: Reaction(reject_uncharged, then="VOIDING", asks=void),
                Cancel: Reaction(give_way, then="WITHDRAWING", learns=recorded),
                **asked_again("CAPTURING", capture, "charge"),
                Complete: Reaction(settled_by_hand, then="SWAPPING", learns=charged),
            }
        ),
        patience=PATIENCE,
        notes=frozenset({PaymentAuthorized}),
    ),
    Step(
        "SWAPPING",
        at_once=Reaction(
            swap,
            then="RETURNING",
            asks=refund,
            learns=kept_for_good,
            where=still_sells,
            otherwise=Reaction(reject_gone, then="REFUNDING", asks=refund),
        ),
    ),
    # What a cheaper departure gives back.
    while_changing(
        refunding("RETURNING", then="DONE", notes=frozenset({PaymentAuthorized, PaymentCaptured}))
    ),
    while_changing(WITHDRAWING),
    while_changing(VOIDING),
    while_changing(REFUNDING),
    Step(
        "DONE",
        notes=frozenset({PaymentAuthorized, PaymentCaptured, PaymentRefunded, PaymentRefundFailed}),
        ends=True,
    ),
    # Another saga may run by then: what is asked for because payment contradicts itself is not
    # waited for.
    Step(
        "COMPENSATED",
        awaits=MappingProxyType(
            {
                PaymentAuthorized: Reaction(
                    void_at_once,
                    then="COMPENSATED",
                    asks=void,
                    once=("void_number", "capture_number"),
                ),
                PaymentCaptured: Reaction(
                    refund_at_once,
                    then="COMPENSATED",
                    asks=refund,
                    learns=charged,
                    once=("refund_number",),
                ),
                PaymentVoidFailed: Reaction(
                    refund_instead,
                    then="COMPENSATED",
                    asks=refund,
                    learns=charged,
                    once=("refund_number",),
                ),
            }
        ),
        notes=frozenset(
            {
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
SAGAS: Final[Mapping[str, Mapping[str, Step]]] = MappingProxyType(
    {
        Saga.Kind.BUYING: MappingProxyType({step.name: step for step in BUYING}),
        Saga.Kind.CANCELING: MappingProxyType({step.name: step for step in CANCELING}),
        Saga.Kind.CHANGING: MappingProxyType({step.name: step for step in CHANGING}),
    }
)
