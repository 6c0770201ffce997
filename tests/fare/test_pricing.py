"""What an itinerary costs: worked examples, with their arithmetic, and every rule."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from contracts.values import Price
from fare.pricing import Quoted, Refused, quote, quotes
from fare.rules import Period, Request, Rule, Rules
from tests.fare import factories
from tests.fare.factories import DAY, DEPARTS_AT, NOW


def quoted(request: Request, rules: Rules) -> Quoted:
    found = quote(request, rules)
    assert isinstance(found, Quoted), found
    return found


def refused(request: Request, rules: Rules) -> Refused:
    found = quote(request, rules)
    assert isinstance(found, Refused), found
    return found


def told(price: Price) -> list[tuple[int | None, str, str, int]]:
    return [(one.passenger_id, one.kind, one.code, one.amount) for one in price.lines]


# Worked examples


def test_an_adult_pays_the_fare_and_what_is_levied_at_both_ends() -> None:
    rules = factories.tariff(
        factories.fare(amount=7100),
        levies=[
            factories.levy("YQ", 600, kind="CHARGE", place=""),
            factories.levy("WV", 850, place="ARN"),
            factories.levy("SE", 400, place="SE"),
            factories.levy("XY", 650, place="GB", at="ARRIVAL"),
            factories.levy("UB", 2900, place="LHR"),  # for leaving it
            factories.levy("FR", 700, place="FR"),
        ],
    )
    price = quoted(factories.request(), rules).price
    assert told(price) == [
        (1, "BASE", "FARE", 7100),
        (1, "TAX", "SE", 400),
        (1, "TAX", "WV", 850),
        (1, "TAX", "XY", 650),
        (1, "CHARGE", "YQ", 600),
    ]
    assert price.total == 7100 + 400 + 850 + 650 + 600 == 9600
    assert (price.currency, price.fare_basis, price.fare_family) == ("EUR", "KLIGHT", "LIGHT")
    assert price.conditions == factories.conditions()


def test_a_family_pays_less_for_a_child_and_an_infant_who_is_exempt() -> None:
    rules = factories.tariff(
        factories.fare(amount=7100, discounts={"CHILD": 25, "INFANT": 90}),
        levies=[factories.levy("WV", 850, exempt=frozenset({"INFANT"}))],
    )
    price = quoted(factories.request("ADULT", "CHILD", "INFANT"), rules).price
    assert told(price) == [
        (1, "BASE", "FARE", 7100),
        (1, "TAX", "WV", 850),
        (2, "BASE", "FARE", 5325),  # 7100 * 75 / 100
        (2, "TAX", "WV", 850),
        (3, "BASE", "FARE", 710),  # 7100 * 10 / 100
    ]
    assert price.total == 7100 + 850 + 5325 + 850 + 710 == 14835


@pytest.mark.parametrize(
    ("amount", "discount", "base"),
    [
        (101, 25, 76),  # 75.75
        (102, 25, 77),  # 76.5: a half goes up
        (103, 25, 77),  # 77.25
        (1, 50, 1),  # 0.5
        (1, 51, 0),  # 0.49
        (12345, 0, 12345),
        (12345, 100, 0),
    ],
)
def test_a_discounted_base_is_rounded_to_the_nearest_minor_unit(
    amount: int, discount: int, base: int
) -> None:
    fare = factories.fare(amount=amount, discounts={"CHILD": discount})
    rules = factories.tariff(fare, levies=[factories.levy("SE", 400)])
    assert quoted(factories.request("CHILD"), rules).price.total == base + 400


def test_each_passengers_base_is_rounded_by_itself() -> None:
    rules = factories.tariff(factories.fare(amount=102, discounts={"CHILD": 25}))
    price = quoted(factories.request("CHILD", "CHILD"), rules).price
    assert price.total == 77 + 77  # and not 2 * 76.5 = 153


def test_a_chosen_seat_costs_what_its_dearest_characteristic_does() -> None:
    seats = [factories.seat_charge("WINDOW", 900), factories.seat_charge("EXIT_ROW", 2500)]
    rules = factories.tariff(factories.fare(amount=7100), seat_charges=seats)
    passenger = factories.seated("WINDOW", "EXIT_ROW", "EXTRA_LEGROOM")
    price = quoted(factories.request(passengers=[passenger]), rules).price
    assert told(price)[1:] == [(1, "CHARGE", "SEAT_EXIT_ROW", 2500)]
    assert price.total == 7100 + 2500


def test_a_seat_costs_nothing_where_it_is_included_given_or_of_no_charged_type() -> None:
    rules = factories.tariff(factories.fare(amount=7100), seat_charges=[factories.seat_charge()])
    flex = factories.tariff(
        factories.fare(amount=7100, includes_seats=True), seat_charges=rules.seat_charges
    )
    window = factories.request(passengers=[factories.seated("WINDOW")])
    middle = factories.request(passengers=[factories.seated("MIDDLE")])
    assert quoted(window, rules).price.total == 7100 + 900
    assert quoted(window, flex).price.total == 7100
    assert quoted(middle, rules).price.total == 7100
    assert quoted(factories.request(), rules).price.total == 7100


def test_a_tax_of_one_cabin_is_not_paid_in_another() -> None:
    rules = factories.tariff(
        factories.fare(amount=7100), levies=[factories.levy("GB", 3000, cabin="BUSINESS")]
    )
    assert quoted(factories.request(), rules).price.total == 7100


# Which fare


def test_the_cheapest_fare_that_applies_is_chosen() -> None:
    rules = factories.tariff(
        factories.fare("YFLEX", amount=21900),
        factories.fare("TLIGHT21", amount=4900, advance_purchase_days=21),
        factories.fare("KLIGHT", amount=7100),
    )
    assert quoted(factories.request(), rules).fare.basis == "KLIGHT"


def test_what_counts_is_the_total_of_the_whole_party_with_its_seats() -> None:
    """70.00 + 9.00 for the seat are more than 75.00 with the seat included."""
    rules = factories.tariff(
        factories.fare("KLIGHT", amount=7000),
        factories.fare("MSTD", amount=7500, family="STANDARD", includes_seats=True),
        seat_charges=[factories.seat_charge("WINDOW", 900)],
    )
    window = factories.request(passengers=[factories.seated("WINDOW")])
    assert quoted(factories.request(), rules).fare.basis == "KLIGHT"
    assert quoted(window, rules).fare.basis == "MSTD"


def test_of_two_that_cost_the_same_the_first_by_its_basis_is_chosen() -> None:
    fares = [factories.fare("B"), factories.fare("A"), factories.fare("C")]
    assert quoted(factories.request(), factories.tariff(*fares)).fare.basis == "A"


def test_each_family_is_offered_once_the_cheapest_first() -> None:
    rules = factories.tariff(
        factories.fare("YFLEX", amount=21900, family="FLEX"),
        factories.fare("KLIGHT", amount=7100),
        factories.fare("TLIGHT21", amount=4900, booking_class="T"),
        factories.fare("MSTD", amount=10300, family="STANDARD", authorization_level=0),
    )
    found = quotes(factories.request(), rules)
    assert not isinstance(found, Refused)
    assert [one.fare.basis for one in found] == ["TLIGHT21", "YFLEX"]


def test_a_wanted_class_or_family_is_the_only_one_that_is_looked_at() -> None:
    rules = factories.tariff(
        factories.fare("KLIGHT"),
        factories.fare("YFLEX", amount=21900, family="FLEX", booking_class="Y"),
    )
    in_class = factories.request(itinerary=factories.itinerary(booking_class="Y"))
    assert quoted(in_class, rules).fare.basis == "YFLEX"
    assert quoted(factories.request(family="FLEX"), rules).fare.basis == "YFLEX"
    assert refused(factories.request(family="NONE"), rules).rule == Rule.NO_FARE


# Every rule

EARLIER = DAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        (Rule.NO_FARE, {"origin": "CDG"}),
        (Rule.NO_FARE, {"destination": "CDG"}),
        (Rule.NO_FARE, {"cabin": "BUSINESS"}),
        (Rule.PASSENGER_TYPE, {"discounts": {"INFANT": 90}}),
        (Rule.SALE_DATES, {"sale": Period(first=date(2040, 1, 3))}),
        (Rule.SALE_DATES, {"sale": Period(first=date(2040, 1, 1), last=date(2040, 1, 1))}),
        (Rule.TRAVEL_DATES, {"travel": Period(first=date(2040, 1, 11))}),
        (Rule.TRAVEL_DATES, {"travel": Period(first=date(2040, 1, 1), last=EARLIER)}),
        (Rule.DAY_OF_WEEK, {"days": "134567"}),
        (Rule.BLACKOUT_DATE, {"blackouts": (Period(first=DAY, last=DAY),)}),
        (Rule.BLACKOUT_DATE, {"blackouts": (Period(first=EARLIER, last=DAY),)}),
        (Rule.ADVANCE_PURCHASE, {"advance_purchase_days": 8}),
        (Rule.CLASS_CLOSED, {"authorization_level": 1}),
    ],
)
def test_a_fare_is_refused_by_the_rule_that_it_breaks(rule: Rule, changes: dict[str, Any]) -> None:
    found = refused(
        factories.request("ADULT", "CHILD"), factories.tariff(factories.fare(**changes))
    )
    assert found.rule == rule
    assert (found.fare is None) == (rule == Rule.NO_FARE)
    assert found.text.endswith(".")


@pytest.mark.parametrize(
    "changes",
    [
        {"discounts": {"CHILD": 0}},
        {"sale": Period(first=date(2040, 1, 2), last=date(2040, 1, 2))},
        {"travel": Period(first=DAY, last=DAY)},
        {"days": "2"},
        {"blackouts": (Period(first=DAY + timedelta(days=1), last=DAY + timedelta(days=2)),)},
        {"advance_purchase_days": 7},
        {"authorization_level": 2},
    ],
)
def test_a_fare_is_sold_up_to_the_edge_of_its_rules(changes: dict[str, Any]) -> None:
    quoted(factories.request("ADULT", "CHILD"), factories.tariff(factories.fare(**changes)))


@pytest.mark.parametrize(
    ("sold", "is_open"), [({}, True), ({"K": 7, "Y": 99}, True), ({"K": 8}, False)]
)
def test_a_class_is_open_while_all_of_the_party_fit_under_its_level(
    sold: dict[str, int], is_open: bool
) -> None:
    request = factories.request("ADULT", "CHILD", seats_sold=sold)
    found = quote(request, factories.tariff(factories.fare(authorization_level=9)))
    assert isinstance(found, Quoted) == is_open


def test_advance_purchase_counts_whole_days_back_from_the_departure() -> None:
    rules = factories.tariff(factories.fare(advance_purchase_days=3))
    just = DEPARTS_AT - timedelta(days=3)
    quoted(factories.request(asked_at=just), rules)
    late = factories.request(asked_at=just + timedelta(microseconds=1))
    assert refused(late, rules).rule == Rule.ADVANCE_PURCHASE


def test_nothing_is_sold_for_what_has_left() -> None:
    rules = factories.tariff(factories.fare())
    quoted(factories.request(asked_at=DEPARTS_AT - timedelta(microseconds=1)), rules)
    found = refused(factories.request(asked_at=DEPARTS_AT), rules)
    assert (found.rule, "has left" in found.text) == (Rule.ADVANCE_PURCHASE, True)


def test_the_date_of_sale_is_utcs() -> None:
    rules = factories.tariff(
        factories.fare(sale=Period(first=date(2040, 1, 1), last=date(2040, 1, 1)))
    )
    in_stockholm = NOW.fromisoformat("2040-01-02T00:30:00+01:00")
    quoted(factories.request(asked_at=in_stockholm), rules)


# Currencies


def test_a_fare_in_another_currency_than_is_wanted_is_refused() -> None:
    rules = factories.tariff(factories.fare())
    quoted(factories.request(currency="EUR"), rules)
    assert refused(factories.request(currency="SEK"), rules).rule == Rule.CURRENCY_MISMATCH


def test_without_a_wanted_currency_it_is_the_origins_and_no_other_is_compared() -> None:
    """100 kronor are fewer minor units than 7,100 of the euro's, and say nothing about them."""
    fares = [factories.fare("A", amount=100, currency="SEK"), factories.fare("B", amount=7100)]
    in_euro = factories.tariff(*fares)
    in_kronor = factories.tariff(*fares, currencies={"ARN": "SEK"})
    assert quoted(factories.request(), in_euro).fare.basis == "B"
    assert quoted(factories.request(), in_kronor).fare.basis == "A"
    assert quoted(factories.request(currency="EUR"), in_kronor).fare.basis == "B"


def test_a_tax_is_paid_in_the_fares_currency_or_the_fare_is_refused() -> None:
    kronor = factories.levy("WV", 9000, currency="SEK")
    only = factories.tariff(factories.fare(), levies=[kronor])
    found = refused(factories.request(), only)
    assert (found.rule, "WV" in found.text) == (Rule.CURRENCY_MISMATCH, True)
    both = factories.tariff(factories.fare(), levies=[kronor, factories.levy("WV", 850)])
    assert quoted(factories.request(), both).price.total == 10000 + 850


def test_a_chosen_seat_is_paid_in_the_fares_currency_or_the_fare_is_refused() -> None:
    rules = factories.tariff(factories.fare(currency="SEK"), seat_charges=[factories.seat_charge()])
    quoted(factories.request(currency="SEK"), rules)
    window = factories.request(passengers=[factories.seated("WINDOW")], currency="SEK")
    assert refused(window, rules).rule == Rule.CURRENCY_MISMATCH


def test_a_seat_that_is_priced_in_several_currencies_costs_what_it_does_in_the_fares() -> None:
    in_euro = factories.seat_charge("WINDOW", 900)
    in_kronor = replace(in_euro, amount=9900, currency="SEK")
    rules = factories.tariff(factories.fare(amount=7100), seat_charges=[in_kronor, in_euro])
    window = factories.request(passengers=[factories.seated("WINDOW")])
    assert quoted(window, rules).price.total == 7100 + 900


def test_the_conditions_say_what_seats_would_cost_that_are_chosen_later() -> None:
    window, aisle = factories.seat_charge("WINDOW", 900), factories.seat_charge("AISLE", 400)
    foreign = replace(aisle, amount=4000, currency="SEK")
    dearer = replace(window, cabin="BUSINESS", amount=9000)
    rules = factories.tariff(factories.fare(), seat_charges=[window, aisle, foreign, dearer])
    conditions = quoted(factories.request(), rules).price.conditions
    assert conditions and conditions.seat_charges == {"WINDOW": 900, "AISLE": 400}


def test_the_conditions_of_a_fare_that_includes_seats_have_no_charges() -> None:
    charge = factories.seat_charge()
    rules = factories.tariff(factories.fare(includes_seats=True), seat_charges=[charge])
    conditions = quoted(factories.request(), rules).price.conditions
    assert conditions and conditions.seat_charges == {}


# What comes to nothing


def test_what_comes_to_nothing_is_not_sold() -> None:
    free = factories.fare("FREE", amount=7100, discounts={"INFANT": 100})
    found = refused(factories.request("INFANT"), factories.tariff(free))
    assert (found.rule, found.fare) == (Rule.NOTHING_TO_PAY, free)


def test_who_pays_nothing_flies_with_who_pays_something_or_for_the_taxes() -> None:
    free = factories.fare("FREE", amount=7100, discounts={"INFANT": 100})
    both = factories.request("ADULT", "INFANT")
    assert quoted(both, factories.tariff(free)).price.total == 7100 + 0
    taxed = factories.tariff(free, levies=[factories.levy("SE", 400)])
    assert quoted(factories.request("INFANT"), taxed).price.total == 0 + 400


def test_a_fare_that_comes_to_nothing_leaves_the_others_to_be_sold() -> None:
    rules = factories.tariff(factories.fare("FREE", amount=0), factories.fare(amount=7100))
    assert quoted(factories.request(), rules).price.total == 7100


# Which refusal


def test_the_refusal_is_that_of_the_fare_which_came_furthest() -> None:
    rules = factories.tariff(
        factories.fare("A", currency="SEK"),
        factories.fare("B", authorization_level=0),
        factories.fare("C", days="1"),
    )
    found = refused(factories.request(currency="EUR"), rules)
    assert (found.rule, found.fare and found.fare.basis) == (Rule.CLASS_CLOSED, "B")


def test_of_fares_that_came_as_far_it_is_the_cheapest() -> None:
    fares = [
        factories.fare("A", amount=300, days="1"),
        factories.fare("C", amount=100, days="1"),
        factories.fare("B", amount=100, days="1"),
    ]
    found = refused(factories.request(), factories.tariff(*fares))
    assert found.fare and found.fare.basis == "B"
