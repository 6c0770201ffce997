"""What holds of every price, whatever the fares and the party."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.values import LARGEST, Passenger, Seat
from fare.models import MOST
from fare.pricing import Quoted, Refused, quote, quotes
from fare.rules import Request, Rule, Rules
from tests.fare import factories

AMOUNTS = st.integers(0, MOST) | st.integers(0, 300)
TYPES = st.sampled_from(["ADULT", "CHILD", "INFANT"])
CURRENCIES = st.sampled_from(["EUR", "EUR", "EUR", "SEK"])
DISCOUNTS = st.dictionaries(st.sampled_from(["CHILD", "INFANT"]), st.integers(0, 100))
CHARACTERISTICS = st.sampled_from(["WINDOW", "AISLE", "EXIT_ROW"])

FARES = st.builds(
    factories.fare,
    st.from_regex("[A-C]{1,2}", fullmatch=True),
    family=st.sampled_from(["LIGHT", "FLEX"]),
    includes_seats=st.booleans(),
    booking_class=st.sampled_from("KY"),
    amount=AMOUNTS,
    currency=CURRENCIES,
    discounts=DISCOUNTS,
    days=st.sampled_from(["1234567", "1234567", "1"]),
    advance_purchase_days=st.sampled_from([0, 7, 14]),
    authorization_level=st.integers(0, 12),
)
LEVIES = st.builds(
    factories.levy,
    st.sampled_from(["AA", "BB"]),
    AMOUNTS,
    kind=st.sampled_from(["TAX", "CHARGE"]),
    place=st.sampled_from(["", "ARN", "SE", "LHR", "GB", "CDG"]),
    at=st.sampled_from(["DEPARTURE", "ARRIVAL"]),
    currency=CURRENCIES,
    exempt=st.frozensets(TYPES),
)
SEAT_CHARGES = st.builds(factories.seat_charge, CHARACTERISTICS, AMOUNTS)
RULES = st.builds(
    lambda fares, **more: factories.tariff(*fares, **more),
    st.lists(FARES, min_size=1, max_size=5, unique_by=lambda fare: fare.basis),
    levies=st.lists(
        LEVIES, max_size=4, unique_by=lambda one: (one.code, one.place, one.at, one.currency)
    ),
    seat_charges=st.lists(SEAT_CHARGES, max_size=3, unique_by=lambda one: one.characteristic),
)


def numbered(party: list[tuple[Any, list[str] | None]]) -> tuple[Passenger, ...]:
    return tuple(
        Passenger(
            passenger_id=number,
            type=type_of_passenger,
            seat=None
            if chosen is None
            else Seat(number=f"{number}A", characteristics=tuple(chosen)),
        )
        for number, (type_of_passenger, chosen) in enumerate(party, 1)
    )


PARTIES = st.lists(
    st.tuples(TYPES, st.none() | st.lists(CHARACTERISTICS, max_size=2)), min_size=1, max_size=9
).map(numbered)
REQUESTS = st.builds(
    factories.request,
    passengers=PARTIES,
    seats_sold=st.dictionaries(st.sampled_from("KY"), st.integers(0, 12)),
)


def without_the_last(request: Request) -> Request:
    return factories.request(passengers=request.passengers[:-1], seats_sold=request.seats_sold)


@given(REQUESTS, RULES)
def test_the_total_is_the_sum_of_its_parts_and_an_event_can_carry_it(
    request: Request, rules: Rules
) -> None:
    found = quote(request, rules)
    if isinstance(found, Quoted):
        assert found.price.total == sum(line.amount for line in found.price.lines) <= LARGEST
        ids = {one.passenger_id for one in request.passengers}
        assert {line.passenger_id for line in found.price.lines} == ids


@given(REQUESTS, RULES)
def test_what_is_sold_costs_something_and_nothing_is_ever_negative(
    request: Request, rules: Rules
) -> None:
    found = quote(request, rules)
    if isinstance(found, Quoted):
        assert found.price.total > 0
        assert all(line.amount >= 0 for line in found.price.lines)


@given(REQUESTS, RULES)
def test_adding_a_passenger_never_lowers_the_total(request: Request, rules: Rules) -> None:
    assume(len(request.passengers) > 1)
    before, after = quote(without_the_last(request), rules), quote(request, rules)
    # Who pays nothing alone is not sold a seat alone.
    assume(not (isinstance(before, Refused) and before.rule is Rule.NOTHING_TO_PAY))
    if isinstance(after, Quoted):
        assert isinstance(before, Quoted), "who fits with somebody fits alone"
        assert before.price.total <= after.price.total


@given(REQUESTS, RULES)
def test_the_cheapest_fare_that_applies_is_chosen(request: Request, rules: Rules) -> None:
    """Asked for each fare by itself, none of those that are sold costs less."""
    alone = [quote(request, Rules(**{**vars(rules), "fares": [fare]})) for fare in rules.fares]
    totals = [one.price.total for one in alone if isinstance(one, Quoted)]
    found = quote(request, rules)
    if isinstance(found, Quoted):
        assert found.price.total == min(totals)
    else:
        assert not totals


@given(REQUESTS, RULES, st.randoms())
def test_the_order_of_the_rules_makes_no_difference(
    request: Request, rules: Rules, random: Any
) -> None:
    def shuffled(rows: Any) -> list[Any]:
        return list(random.sample(list(rows), len(rows)))

    again = Rules(
        fares=shuffled(rules.fares),
        levies=shuffled(rules.levies),
        seat_charges=shuffled(rules.seat_charges),
        countries=rules.countries,
        currencies=rules.currencies,
    )
    assert quote(request, again) == quote(request, rules) == quote(request, rules)


@given(REQUESTS, RULES)
def test_the_quote_is_the_first_of_the_quotes(request: Request, rules: Rules) -> None:
    found = quotes(request, rules)
    assert quote(request, rules) == (found if isinstance(found, Refused) else found[0])
    if not isinstance(found, Refused):
        totals = [one.price.total for one in found]
        assert totals == sorted(totals)
        assert len({one.fare.family for one in found}) == len(found)
