"""What was charged for a reservation, what of it has been given back, and what is still due back.

The charges are the rows of the sagas that made them: buying, and each change that cost more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from booking.models import Saga
from booking.steps.signals import Cancel


@dataclass(frozen=True)
class Charge:
    """What was charged under an authorization, and how much of it is meant."""

    authorization_number: int
    amount: int


def due_back(saga: Saga) -> Charge | None:
    """What is to be given back next before the saga is over; none where nothing is due.

    Due is all that is left of the charges, but for what is kept: of the newest charge first, never
    more than is left of it.
    """
    charges = _charges(saga)
    due = sum(charge.amount for charge in charges) - saga.kept_amount
    if due <= 0:
        return None
    newest = max(charges, key=lambda charge: charge.authorization_number)
    return Charge(newest.authorization_number, min(due, newest.amount))


def nothing_is_due(saga: Saga, now: datetime) -> bool:
    """Nothing is due back."""
    return due_back(saga) is None


def _charges(saga: Saga) -> list[Charge]:
    """What is left of each charge that the saga is about: its own, if it has charged anything, as
    it is about to be stored; else all that were made before it. Before who buys there are none."""
    own = [(saga.authorization_number, saga.captured_amount, saga.refunded_amount)]
    is_about_own = saga.captured_amount or saga.kind == Saga.Kind.BUYING
    rows = own if is_about_own else _of_others(saga)
    return [Charge(number or 0, got - back) for number, got, back in rows if got > back]


def _of_others(saga: Saga) -> Any:
    others = Saga.objects.filter(reservation=saga.reservation_id, captured_amount__gt=0)
    return others.values_list("authorization_number", "captured_amount", "refunded_amount")


# What sagas keep of signals


def charged(saga: Saga, signal: object) -> None:
    """Its authorization is charged, or is said to be."""
    saga.captured_amount = saga.amount


def given_back(saga: Saga, signal: object) -> None:
    """What was asked for last is back on the card."""
    saga.returned_number = saga.refund_number
    _count(saga, saga.authorization_number, saga.refund_amount)


def given_back_by_hand(saga: Saga, signal: object) -> None:
    """All that was due is back, without an answer of payment."""
    while charge := due_back(saga):
        _count(saga, charge.authorization_number, charge.amount)


def _count(saga: Saga, authorization_number: int | None, amount: int) -> None:
    """The charge has so much less left."""
    if saga.captured_amount:
        saga.refunded_amount += amount
        return
    Saga.objects.filter(
        reservation=saga.reservation_id,
        authorization_number=authorization_number,
        captured_amount__gt=0,
    ).update(refunded_amount=F("refunded_amount") + amount)


def kept_as_agreed(saga: Saga, signal: Cancel) -> None:
    """What the cancelation costs is kept."""
    saga.kept_amount = signal.settlement.charged if signal.settlement else 0
