"""The shorter way to validate finds what DRF's own finds."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework import serializers

from booking.serializers import PaymentRequest, ReservationRequest, SeatsRequest
from booking.serializers.fields import StrictSerializer
from tests.booking.http import REQUEST

GOOD: dict[str, Any] = {
    **REQUEST,
    "departure_date": "2040-01-11",
    "cabin": "ECONOMY",
    "booking_class": "Y",
    "offer_id": "o",
    "payment_token": "tok_approve",
    "contact": {"email": "eva@example.test", "language": "sv"},
    "passengers": [{"passenger_id": 1, "surname": "Berg", "date_of_birth": "2034-05-01"}],
}
WRONG = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from([*GOOD, "surname", "email", "unknown"])
    return st.dictionaries(names, values, max_size=3)


ANYTHING = st.recursive(
    WRONG, lambda some: st.lists(some, max_size=2) | objects(some), max_leaves=4
)


@st.composite
def bodies(draw: st.DrawFn) -> Any:
    """A good request with some of it taken away and some of it made wrong; or anything at all."""
    kept = draw(st.sets(st.sampled_from(sorted(GOOD))))
    body = {name: value for name, value in GOOD.items() if name in kept}
    return draw(st.just({**body, **draw(objects(ANYTHING))}) | ANYTHING)


def outcome(work: Any, data: Any) -> Any:
    try:
        return work(data)
    except serializers.ValidationError as error:
        return error.get_full_details()


@pytest.mark.parametrize("kind", [ReservationRequest, PaymentRequest, SeatsRequest])
@pytest.mark.parametrize("hold", [False, True])
@given(body=bodies())
@settings(deadline=None, max_examples=150)
def test_json_is_validated_as_drf_validates_it(
    kind: type[StrictSerializer], hold: bool, body: Any
) -> None:
    asked = kind(data=body, context={"hold": hold})
    drf = serializers.Serializer.to_internal_value
    assert outcome(asked._values, body) == outcome(lambda data: drf(asked, data), body)


@pytest.mark.parametrize("kind", [ReservationRequest, PaymentRequest, SeatsRequest])
def test_no_field_is_of_a_kind_that_only_drf_knows_to_validate(
    kind: type[StrictSerializer],
) -> None:
    for name, field in kind(data={}).fields.items():
        assert field.source == name
        assert field.default is serializers.empty
        assert not field.read_only
        assert not hasattr(kind, f"validate_{name}")
