"""What cancelations give back and changes cost: worked examples, with their arithmetic."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.quotes import CancelationQuote, ChangeQuote
from contracts.values import PassengerType, Penalty, Price, PriceLine
from fare.pricing import Refused
from fare.rules import Period, Request, Rule, Rules
from fare.settlements import Denial, NotAllowed, cancelation_quote, change_quote
from tests.fare import factories
from tests.fare.factories import DAY, DEPARTS_AT, NOW, line

Lines = list[tuple[str, str, int]]


def told(lines: tuple[PriceLine, ...]) -> Lines:
    return [(one.kind, one.code, one.amount) for one in lines]


def codes(quote: CancelationQuote | ChangeQuote) -> list[str]:
    return [reason.code for reason in quote.reasons]


# Cancelations


def cancel(price: Price, *types: Any, **changes: Any) -> CancelationQuote | NotAllowed:
    facts = {"departs_at": DEPARTS_AT, "asked_at": NOW, **changes}
    return cancelation_quote(price=price, passengers=factories.party(*types), **facts)


def canceled(price: Price, *types: Any, **changes: Any) -> CancelationQuote:
    found = cancel(price, *types, **changes)
    assert isinstance(found, CancelationQuote), found
    return found


def test_of_a_fare_that_is_not_refundable_the_taxes_come_back() -> None:
    """100.00 fare + 15.00 tax + 6.00 charge: 15.00 come back, 106.00 stay."""
    quote = canceled(factories.price())
    assert (quote.settlement.refunded, quote.settlement.charged) == (1500, 10600)
    assert told(quote.returned) == [("TAX", "GB", 1500)]
    assert told(quote.settlement.lines) == [("BASE", "FARE", 10000), ("CHARGE", "YQ", 600)]
    assert codes(quote) == ["not_refundable", "taxes_returned"]


def test_of_a_refundable_fare_all_comes_back_less_the_fee_for_each_passenger() -> None:
    """121.00 paid, 2 passengers at 30.00 each: 61.00 come back."""
    conditions = factories.conditions(
        refundable=True, cancel_before_departure=Penalty(allowed=True, fee=3000)
    )
    quote = canceled(factories.price(conditions=conditions), "ADULT", "INFANT")
    assert (quote.settlement.refunded, quote.settlement.charged) == (12100 - 2 * 3000, 6000)
    assert told(quote.settlement.lines) == [("FEE", "CANCELATION", 6000)]
    assert codes(quote) == ["refundable", "taxes_returned", "cancelation_fee"]


def test_a_fee_takes_no_more_than_what_comes_back() -> None:
    """15.00 of tax come back, the fee of 20.00 takes all of it."""
    conditions = factories.conditions(cancel_before_departure=Penalty(allowed=True, fee=2000))
    quote = canceled(factories.price(conditions=conditions))
    assert (quote.settlement.refunded, quote.settlement.charged) == (0, 12100)
    assert told(quote.settlement.lines)[-1] == ("FEE", "CANCELATION", 1500)


def test_fees_of_earlier_changes_do_not_come_back() -> None:
    """100.00 fare + 60.00 for a change, refundable without a fee: 100.00 come back."""
    conditions = factories.conditions(refundable=True)
    paid = factories.price(
        line("BASE", "FARE", 10000), line("FEE", "CHANGE", 6000), conditions=conditions
    )
    quote = canceled(paid)
    assert (quote.settlement.refunded, quote.settlement.charged) == (10000, 6000)


def test_from_the_departure_on_the_conditions_for_afterwards_hold() -> None:
    conditions = factories.conditions(
        refundable=True, cancel_after_departure=Penalty(allowed=True, fee=5000)
    )
    price = factories.price(conditions=conditions)
    before = canceled(price, asked_at=DEPARTS_AT - timedelta(microseconds=1))
    after = canceled(price, asked_at=DEPARTS_AT)
    assert (before.settlement.refunded, after.settlement.refunded) == (12100, 12100 - 5000)


@pytest.mark.parametrize(
    ("changes", "asked_at", "denial"),
    [
        ({"cancel_before_departure": Penalty(allowed=False)}, NOW, Denial.CANCELATION),
        ({}, DEPARTS_AT, Denial.CANCELATION),
    ],
)
def test_what_the_conditions_do_not_allow_is_not_quoted(
    changes: dict[str, Any], asked_at: Any, denial: Denial
) -> None:
    found = cancel(factories.price(conditions=factories.conditions(**changes)), asked_at=asked_at)
    assert isinstance(found, NotAllowed)
    assert (found.denial, "KLIGHT cannot be canceled" in found.text) == (denial, True)


def test_a_price_that_is_no_fares_has_no_conditions_to_quote_by() -> None:
    found = cancel(factories.price(conditions=None))
    assert isinstance(found, NotAllowed)
    assert found.denial == Denial.NO_CONDITIONS


# Changes


def change(
    price: Price, *, amount: int, request: Request | None = None, **changes: Any
) -> ChangeQuote | NotAllowed | Refused:
    """What a change to a departure comes to on which the fare is this amount."""
    rules = changes.pop("rules", None) or factories.tariff(factories.fare(amount=amount))
    return change_quote(
        price=price, departs_at=DEPARTS_AT, request=request or factories.request(), rules=rules
    )


def changed(price: Price, *, amount: int, **changes: Any) -> ChangeQuote:
    found = change(price, amount=amount, **changes)
    assert isinstance(found, ChangeQuote), found
    return found


def test_a_dearer_departure_costs_the_difference_and_the_fee() -> None:
    """130.00 instead of 121.00 and a fee of 60.00: 69.00 more, 190.00 in all."""
    quote = changed(factories.price(), amount=13000)
    assert (quote.settlement.charged, quote.settlement.refunded) == (900 + 6000, 0)
    assert told(quote.settlement.lines) == [("BASE", "DIFFERENCE", 900), ("FEE", "CHANGE", 6000)]
    assert told(quote.price.lines) == [("BASE", "FARE", 13000), ("FEE", "CHANGE", 6000)]
    assert quote.price.total == 12100 + 6900 == 19000
    assert (quote.booking_class, codes(quote)) == ("K", ["dearer", "change_fee"])


def test_a_cheaper_departure_pays_the_fee_with_the_difference() -> None:
    """100.00 instead of 121.00 and a fee of 60.00: 39.00 more."""
    quote = changed(factories.price(), amount=10000)
    assert (quote.settlement.charged, quote.settlement.refunded) == (6000 - 2100, 0)
    assert told(quote.settlement.lines) == [("FEE", "CHANGE", 3900)]
    assert quote.price.total == 12100 + 3900 == 10000 + 6000
    assert codes(quote) == ["cheaper", "change_fee"]


def test_what_is_left_of_the_difference_comes_back_where_the_fare_is_refundable() -> None:
    """40.00 instead of 121.00 and a fee of 60.00: 21.00 come back."""
    price = factories.price(
        conditions=factories.conditions(
            refundable=True, change_before_departure=Penalty(allowed=True, fee=6000)
        )
    )
    quote = changed(price, amount=4000)
    assert (quote.settlement.charged, quote.settlement.refunded) == (0, 2100)
    assert quote.price.total == 12100 - 2100 == 4000 + 6000
    assert codes(quote) == ["cheaper", "change_fee", "difference_refunded"]


def test_what_is_left_of_the_difference_is_forfeited_where_it_is_not() -> None:
    """40.00 instead of 121.00 and a fee of 60.00: 21.00 are lost, and stay in the price."""
    quote = changed(factories.price(), amount=4000)
    assert (quote.settlement.charged, quote.settlement.refunded) == (0, 0)
    assert told(quote.price.lines)[1:] == [("FEE", "CHANGE", 6000), ("FEE", "FORFEITED", 2100)]
    assert quote.price.total == 12100
    assert codes(quote) == ["cheaper", "change_fee", "difference_forfeited"]


def test_the_fee_is_for_each_passenger() -> None:
    """2 x 100.00 instead of 121.00 and 2 x 60.00 of fees: 199.00 more."""
    party = factories.request("ADULT", "ADULT")
    quote = changed(factories.price(), amount=10000, request=party)
    assert quote.settlement.charged == 2 * 10000 - 12100 + 2 * 6000


def test_a_second_change_pays_its_own_fee_and_keeps_the_first() -> None:
    """100.00 + 60.00 paid before; the same fare again costs the second fee alone."""
    paid = factories.price(line("BASE", "FARE", 10000), line("FEE", "CHANGE", 6000))
    quote = changed(paid, amount=10000)
    assert (quote.settlement.charged, quote.price.total) == (6000, 22000)
    assert codes(quote) == ["same_price", "change_fee"]


def test_it_is_priced_in_the_family_and_the_currency_that_were_paid() -> None:
    rules = factories.tariff(
        factories.fare("A", amount=1, family="OTHER"),
        factories.fare("B", amount=1, currency="SEK"),
        factories.fare("C", amount=13000),
    )
    quote = changed(factories.price(), amount=0, rules=rules)
    assert quote.price.fare_basis == "C"


def test_what_may_not_be_changed_is_not_quoted() -> None:
    conditions = factories.conditions(change_before_departure=Penalty(allowed=False))
    denied = [
        change(factories.price(conditions=conditions), amount=1),
        change(factories.price(), amount=1, request=factories.request(asked_at=DEPARTS_AT)),
        change(factories.price(conditions=None), amount=1),
    ]
    assert [one.denial for one in denied if isinstance(one, NotAllowed)] == [
        Denial.CHANGE,
        Denial.CHANGE,
        Denial.NO_CONDITIONS,
    ]


def test_a_departure_that_is_not_sold_is_refused_by_its_rule() -> None:
    closed = factories.fare(blackouts=(Period(first=DAY, last=DAY),))
    found = change(factories.price(), amount=0, rules=factories.tariff(closed))
    assert isinstance(found, Refused)
    assert found.rule == Rule.BLACKOUT_DATE


# Whatever was paid

AMOUNTS = st.integers(0, 20000)
LINES = st.builds(line, st.sampled_from(["BASE", "TAX", "CHARGE", "FEE"]), st.just("XX"), AMOUNTS)
PENALTIES = st.builds(Penalty, allowed=st.booleans(), fee=AMOUNTS)
CONDITIONS = st.builds(
    factories.conditions,
    refundable=st.booleans(),
    cancel_before_departure=PENALTIES,
    change_before_departure=PENALTIES,
)
PRICES = st.builds(
    lambda lines, conditions: factories.price(*lines, conditions=conditions),
    st.lists(LINES, min_size=1, max_size=5),
    CONDITIONS,
)


@given(PRICES, st.integers(1, 9))
def test_a_cancelation_gives_back_or_keeps_all_that_was_paid(price: Price, count: int) -> None:
    found = cancel(price, *["ADULT"] * count)
    if isinstance(found, CancelationQuote):
        settlement = found.settlement
        assert settlement.charged + settlement.refunded == price.total
        assert settlement.charged == sum(one.amount for one in settlement.lines)
        assert min(settlement.charged, settlement.refunded) >= 0


@given(PRICES, AMOUNTS, st.integers(1, 9))
def test_after_a_change_the_price_is_what_was_paid_in_all(
    price: Price, amount: int, count: int
) -> None:
    rules: Rules = factories.tariff(factories.fare(amount=amount, authorization_level=9))
    adults: list[PassengerType] = ["ADULT"] * count
    request = factories.request(*adults)
    found = change(price, amount=0, rules=rules, request=request)
    if isinstance(found, ChangeQuote):
        settlement = found.settlement
        assert found.price.total == price.total + settlement.charged - settlement.refunded
        assert min(settlement.charged, settlement.refunded) == 0
        assert settlement.charged == sum(one.amount for one in settlement.lines)
