"""What booking and fare say to each other over HTTP, and what the id of an offer holds."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.offers import Offer
from contracts.quotes import (
    CancelationQuote,
    CancelationQuoteRequest,
    ChangeQuote,
    ChangeQuoteRequest,
)
from tests.contracts.examples import ITINERARY, LINE, PASSENGER, PRICE, REASON, SETTLEMENT
from tests.contracts.strategies import payloads

MOMENT = "2040-01-09T12:00:00Z"
PAID = {"asked_at": MOMENT, "departs_at": ITINERARY["departs_at"], "price": PRICE}
PLACE = {name: ITINERARY[name] for name in ("carrier", "flight_number", "origin", "destination")}

EXAMPLES: dict[type[msgspec.Struct], dict[str, Any]] = {
    CancelationQuoteRequest: {**PAID, "passengers": [PASSENGER]},
    CancelationQuote: {"settlement": SETTLEMENT, "returned": [LINE], "reasons": [REASON]},
    ChangeQuoteRequest: {
        **PAID,
        "itinerary": ITINERARY,
        "passengers": [PASSENGER],
        "seats_sold": {"Y": 3},
    },
    ChangeQuote: {
        "booking_class": "Y",
        "price": PRICE,
        "settlement": SETTLEMENT,
        "reasons": [REASON],
    },
    Offer: {
        **PLACE,
        "expires_at": MOMENT,
        "departure_date": ITINERARY["departure_date"],
        "departs_at": ITINERARY["departs_at"],
        "cabin": "ECONOMY",
        "booking_class": "Y",
        "passengers": [{"passenger_id": 1, "type": "ADULT", "seat_number": "12A"}],
        "price": PRICE,
    },
}
MESSAGES = list(EXAMPLES)
FIELDS = [(message, field) for message, example in EXAMPLES.items() for field in example]

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("message", MESSAGES)
def test_an_example_has_every_field_and_is_accepted_as_it_is(message: type[msgspec.Struct]) -> None:
    example = EXAMPLES[message]
    assert set(example) == set(message.__struct_fields__)
    assert msgspec.json.decode(msgspec.json.encode(msgspec.convert(example, message))) == example


@PATIENT
@given(st.sampled_from(MESSAGES).flatmap(payloads))
def test_what_is_made_of_plain_values_comes_back_the_same(message: msgspec.Struct) -> None:
    """As Django signs it: JSON of plain values, read back as plain values."""
    plain = msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(message)))
    assert msgspec.convert(plain, type(message)) == message


@pytest.mark.parametrize("message", MESSAGES)
def test_fields_that_are_not_known_are_ignored(message: type[msgspec.Struct]) -> None:
    example = EXAMPLES[message]
    later = msgspec.convert({**example, "of_later": 1}, message)
    assert later == msgspec.convert(example, message)


@pytest.mark.parametrize(("message", "field"), FIELDS)
def test_no_field_may_be_missing(message: type[msgspec.Struct], field: str) -> None:
    example = {name: value for name, value in EXAMPLES[message].items() if name != field}
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(example, message)


def test_a_price_whose_lines_do_not_add_up_is_refused_wherever_it_is() -> None:
    for message, example in EXAMPLES.items():
        if "price" in example:
            with pytest.raises(msgspec.ValidationError, match="the sum of the lines"):
                msgspec.convert({**example, "price": {**PRICE, "total": 1}}, message)
