"""What a cancelation gives back, and what a change costs: pure functions, like pricing.

All is in whole minor units of the price's currency; nothing is rounded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from contracts.money import money
from contracts.quotes import CancelationQuote, ChangeQuote
from contracts.values import Conditions, Passenger, Penalty, Price, PriceLine, Reason, Settlement
from fare.pricing import Quoted, Refused, quote
from fare.rules import Request, Rules

CANCELATION_FEE: Final = "CANCELATION"
CHANGE_FEE: Final = "CHANGE"
FORFEITED: Final = "FORFEITED"
DIFFERENCE: Final = "DIFFERENCE"


class Denial(StrEnum):
    """Why the fare does not allow it at all."""

    NO_CONDITIONS = "no_conditions"
    CANCELATION = "cancelation_not_allowed"
    CHANGE = "change_not_allowed"


@dataclass(frozen=True, kw_only=True)
class NotAllowed:
    """The conditions of the fare do not allow what was asked for."""

    denial: Denial
    text: str


NO_CONDITIONS: Final = NotAllowed(
    denial=Denial.NO_CONDITIONS, text="The price has no conditions: it is no fare's."
)


def cancelation_quote(
    *, price: Price, passengers: Sequence[Passenger], departs_at: datetime, asked_at: datetime
) -> CancelationQuote | NotAllowed:
    """What a cancelation would refund of a price that was paid, and why.

    Taxes come back: nobody flies. The base fare and the carrier's charges, seats among them, come
    back where the fare is refundable. Fees never do. The fee of the conditions is for each
    passenger, and taken off what comes back, down to nothing. From the departure on, the conditions
    for afterwards hold.

    Args:
        price: what was paid, fees of earlier changes among its lines.
        passengers: everybody the price is for.
        departs_at: when the reservation departs.
        asked_at: the moment of the cancelation.
    """
    conditions = price.conditions
    if conditions is None:
        return NO_CONDITIONS
    is_before = asked_at < departs_at
    penalty = conditions.cancel_before_departure if is_before else conditions.cancel_after_departure
    if not penalty.allowed:
        return _denied(Denial.CANCELATION, "canceled", price, is_before=is_before)
    kinds = {"TAX", "BASE", "CHARGE"} if conditions.refundable else {"TAX"}
    returned = tuple(line for line in price.lines if line.kind in kinds)
    kept = tuple(line for line in price.lines if line.kind not in kinds)
    worth = _sum(returned)
    fee = min(penalty.fee * len(passengers), worth)
    fees = (PriceLine(kind="FEE", code=CANCELATION_FEE, amount=fee),) if fee else ()
    return CancelationQuote(
        settlement=Settlement(
            currency=price.currency,
            charged=_sum(kept) + fee,
            refunded=worth - fee,
            lines=kept + fees,
        ),
        returned=returned,
        reasons=tuple(_why_canceled(price, conditions, penalty, returned, fee)),
    )


def change_quote(
    *, price: Price, departs_at: datetime, request: Request, rules: Rules
) -> ChangeQuote | NotAllowed | Refused:
    """What another departure would cost, and why.

    The new departure is priced at the moment of the change, in the same currency and fare family.
    The difference is that price less what was paid, fees aside. A dearer departure costs the
    difference and the fee for each passenger. Of a cheaper one the difference pays the fee first;
    what is left of it comes back where the fare that was paid is refundable, and is else forfeited.

    Args:
        price: what was paid, fees of earlier changes among its lines.
        departs_at: when the reservation departs, as it is.
        request: the wanted departure; its currency and family are the price's, whatever it says.
        rules: what to price the wanted departure by.
    """
    conditions = price.conditions
    if conditions is None:
        return NO_CONDITIONS
    is_before = request.asked_at < departs_at
    penalty = conditions.change_before_departure if is_before else conditions.change_after_departure
    if not penalty.allowed:
        return _denied(Denial.CHANGE, "changed", price, is_before=is_before)
    alike = replace(request, currency=price.currency, family=price.fare_family)
    found = quote(alike, rules)
    if isinstance(found, Refused):
        return found
    fee = penalty.fee * len(request.passengers)
    return _changed(price, conditions, found, fee)


def _changed(price: Price, conditions: Conditions, found: Quoted, fee: int) -> ChangeQuote:
    paid_before = tuple(line for line in price.lines if line.kind == "FEE")
    difference = found.price.total - (price.total - _sum(paid_before))
    left = max(0, -difference - fee)
    forfeited = 0 if conditions.refundable else left
    new_fees = tuple(
        PriceLine(kind="FEE", code=code, amount=amount)
        for code, amount in ((CHANGE_FEE, fee), (FORFEITED, forfeited))
        if amount
    )
    lines = found.price.lines + paid_before + new_fees
    charged = max(0, difference + fee)
    return ChangeQuote(
        booking_class=found.fare.booking_class,
        price=_with_lines(found.price, lines),
        settlement=Settlement(
            currency=price.currency,
            charged=charged,
            refunded=left - forfeited,
            lines=tuple(_charged(charged, difference)),
        ),
        reasons=tuple(_why_changed(price.currency, difference, fee, left, forfeited)),
    )


def _charged(charged: int, difference: int) -> Iterator[PriceLine]:
    """What is asked for, by what it is for; a fee that a cheaper departure pays in part is there
    with the rest of it."""
    dearer = max(0, difference)
    if dearer:
        yield PriceLine(kind="BASE", code=DIFFERENCE, amount=dearer)
    if charged > dearer:
        yield PriceLine(kind="FEE", code=CHANGE_FEE, amount=charged - dearer)


def _with_lines(price: Price, lines: tuple[PriceLine, ...]) -> Price:
    return Price(
        total=_sum(lines),
        currency=price.currency,
        lines=lines,
        fare_basis=price.fare_basis,
        fare_family=price.fare_family,
        conditions=price.conditions,
    )


def _sum(lines: Sequence[PriceLine]) -> int:
    return sum(line.amount for line in lines)


# What is told


def _denied(denial: Denial, done: str, price: Price, *, is_before: bool) -> NotAllowed:
    when = "before" if is_before else "after"
    name = price.fare_basis or "This fare"
    return NotAllowed(denial=denial, text=f"{name} cannot be {done} {when} the departure.")


def _why_canceled(
    price: Price,
    conditions: Conditions,
    penalty: Penalty,
    returned: Sequence[PriceLine],
    fee: int,
) -> Iterator[Reason]:
    of, currency = price.fare_basis or "The fare", price.currency
    if conditions.refundable:
        yield Reason(code="refundable", text=f"{of} is refundable.")
    else:
        yield Reason(code="not_refundable", text=f"{of} is not refundable: fare and charges stay.")
    if taxes := _sum([line for line in returned if line.kind == "TAX"]):
        yield Reason(code="taxes_returned", text=f"Taxes come back: {money(taxes, currency)}.")
    if fee:
        text = (
            f"The fee is {money(penalty.fee, currency)} for each passenger: {money(fee, currency)}."
        )
        yield Reason(code="cancelation_fee", text=text)


def _why_changed(
    currency: str, difference: int, fee: int, left: int, forfeited: int
) -> Iterator[Reason]:
    if difference > 0:
        yield Reason(code="dearer", text=f"It costs {money(difference, currency)} more.")
    elif difference < 0:
        yield Reason(code="cheaper", text=f"It costs {money(-difference, currency)} less.")
    else:
        yield Reason(code="same_price", text="It costs the same.")
    if fee:
        yield Reason(code="change_fee", text=f"The fee is {money(fee, currency)}.")
    if forfeited:
        text = f"The fare is not refundable: {money(forfeited, currency)} are forfeited."
        yield Reason(code="difference_forfeited", text=text)
    elif left:
        yield Reason(code="difference_refunded", text=f"{money(left, currency)} come back.")
