"""The JSON of each event and value: what comes back, and what is refused."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import values
from contracts.base import Event
from contracts.registry import EVENTS
from contracts.values import Price, Value
from tests.contracts import examples
from tests.contracts.strategies import payloads

VALUES: dict[str, type[Value]] = {value.__name__: value for value in Value.__subclasses__()}
STRUCTS: dict[str, type[Event] | type[Value]] = {**EVENTS, **VALUES}
EXAMPLES = {**examples.EVENTS, **examples.VALUES}

ANY_EVENT = st.sampled_from(list(EVENTS.values())).flatmap(payloads)
# Whole reservations are drawn: many values, some of them filtered by their patterns.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

FIELDS = [(name, field) for name, example in EXAMPLES.items() for field in example]


def is_required(name: str, field: str) -> bool:
    described = {known.name: known for known in msgspec.structs.fields(STRUCTS[name])}
    return described[field].required


REQUIRED = [(name, field) for name, field in FIELDS if is_required(name, field)]
OPTIONAL = [(name, field) for name, field in FIELDS if not is_required(name, field)]
WRONG_VALUES = [
    pytest.param(name, field, value, id=f"{name}-{field}-{value!r:.20}")
    for name, field in FIELDS
    for value in examples.WRONG[field]
]


def decode(name: str, payload: dict[str, Any]) -> msgspec.Struct:
    return msgspec.json.decode(msgspec.json.encode(payload), type=STRUCTS[name])


def test_every_event_and_value_has_an_example() -> None:
    assert set(examples.EVENTS) == set(EVENTS)
    assert set(examples.VALUES) == set(VALUES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_every_field(name: str) -> None:
    assert set(EXAMPLES[name]) == set(STRUCTS[name].__struct_fields__)


@PATIENT
@given(ANY_EVENT)
def test_what_is_encoded_comes_back_the_same(event: Event) -> None:
    assert msgspec.json.decode(msgspec.json.encode(event), type=type(event)) == event


@PATIENT
@given(ANY_EVENT, st.dictionaries(st.text("xyz", min_size=1), st.integers()))
def test_fields_that_a_consumer_does_not_know_are_ignored(
    event: Event, unknown: dict[str, int]
) -> None:
    payload = {**unknown, **msgspec.to_builtins(event)}
    assert msgspec.json.decode(msgspec.json.encode(payload), type=type(event)) == event


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_type_and_the_topic_belong_to_the_class(name: str) -> None:
    if name in EVENTS:
        assert not {"type", "topic", "handled_by"} & set(EXAMPLES[name])


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_is_accepted_as_it_is(name: str) -> None:
    assert msgspec.json.decode(msgspec.json.encode(decode(name, EXAMPLES[name]))) == EXAMPLES[name]


@pytest.mark.parametrize(("name", "field", "value"), WRONG_VALUES)
def test_a_wrong_value_is_refused(name: str, field: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        decode(name, {**EXAMPLES[name], field: value})


@pytest.mark.parametrize(("name", "field"), REQUIRED)
def test_a_missing_field_is_refused(name: str, field: str) -> None:
    payload = {known: value for known, value in EXAMPLES[name].items() if known != field}
    with pytest.raises(msgspec.ValidationError, match=field):
        decode(name, payload)


@pytest.mark.parametrize(("name", "field"), REQUIRED)
def test_a_required_field_is_never_null(name: str, field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=field):
        decode(name, {**EXAMPLES[name], field: None})


@pytest.mark.parametrize(("name", "field"), OPTIONAL)
def test_an_optional_field_may_be_missing(name: str, field: str) -> None:
    decode(name, {known: value for known, value in EXAMPLES[name].items() if known != field})


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_struct_is_made_by_naming_its_fields(name: str) -> None:
    make: Callable[..., msgspec.Struct] = STRUCTS[name]
    with pytest.raises(TypeError):
        make(*EXAMPLES[name].values())


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_field_cannot_be_set(name: str, field: str) -> None:
    struct = decode(name, EXAMPLES[name])
    with pytest.raises(AttributeError):
        setattr(struct, field, getattr(struct, field))


# Money


def test_a_card_is_not_asked_for_nothing() -> None:
    for name in ("booking.PaymentAuthorizeRequested.v1", "payment.PaymentRefunded.v1"):
        with pytest.raises(msgspec.ValidationError, match="amount"):
            decode(name, {**EXAMPLES[name], "amount": 0})


def test_a_price_is_the_sum_of_its_lines_when_it_comes_in() -> None:
    with pytest.raises(msgspec.ValidationError, match="the total is 1, the sum of the lines 12900"):
        decode("Price", {**examples.PRICE, "total": 1})


def test_a_price_is_the_sum_of_its_lines_when_it_is_made() -> None:
    line = values.PriceLine(kind="BASE", code="FARE", amount=10)
    with pytest.raises(ValueError, match="the total is 11"):
        Price(total=11, currency="EUR", lines=(line,))


# Tickets

WRONG_TICKETS = ["", "117240000001", "11724000000160", "117-240000001", "1172400000016\n", 1]


@pytest.mark.parametrize("number", WRONG_TICKETS)
def test_a_ticket_number_has_thirteen_digits(number: Any) -> None:
    with pytest.raises(msgspec.ValidationError, match="number"):
        decode("Ticket", {**examples.TICKET, "number": number})


# Personal data


def personal_fields(schema: Any) -> set[str]:
    """The properties, anywhere in a schema, whose schema is marked."""
    if isinstance(schema, list):
        return set().union(*(personal_fields(part) for part in schema))
    if not isinstance(schema, dict):
        return set()
    marked = {
        name
        for name, field in schema.get("properties", {}).items()
        if any(part.get("x-personal-data") for part in field.get("anyOf", [field]))
    }
    return marked.union(*(personal_fields(part) for part in schema.values()))


@pytest.mark.parametrize("name", EVENTS)
def test_only_the_contact_has_personal_data(name: str) -> None:
    marked = personal_fields(msgspec.json.schema(EVENTS[name]))
    expected = {"language", "email", "given_name", "surname"}
    assert marked == (expected if name == "booking.PassengerContactGiven.v1" else set())
