"""Fields and objects that take no guesses about what a client meant."""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from rest_framework import serializers
from rest_framework.utils import html

SEAT_NUMBER: Final = re.compile(r"[1-9][0-9]?[A-HJK]")
CARD_NUMBER: Final = re.compile(r"[0-9]([ -]?[0-9]){11,18}")
EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
LARGEST_FLIGHT_NUMBER: Final = 2**31 - 1


class StrictIntegerField(serializers.IntegerField):
    """An integer that must be one in JSON: no "1", 1.0 or true. HTML forms know only text."""

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        from_form = html.is_html_input(self.root.initial_data)
        if not from_form and (isinstance(data, bool) or not isinstance(data, int)):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictCharField(serializers.CharField):
    """Text that must be text in JSON: numbers are not turned into it."""

    def to_internal_value(self, data: Any) -> str:
        """The text."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class SeatNumberField(StrictCharField):
    """A row and a letter, given out in upper case."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=4, **options)

    def to_internal_value(self, data: Any) -> str:
        """The seat number."""
        number = super().to_internal_value(data).upper()
        if not SEAT_NUMBER.fullmatch(number):
            raise serializers.ValidationError("A seat number is a row and a letter, such as 12A.")
        return number


class PaymentTokenField(StrictCharField):
    """A token, and never what may be a card's number: that must not even be stored."""

    def __init__(self, **options: Any) -> None:
        told = "the card processor's token, such as tok_approve"
        super().__init__(max_length=200, help_text=told, **options)

    def to_internal_value(self, data: Any) -> str:
        """The token."""
        token = super().to_internal_value(data)
        if CARD_NUMBER.fullmatch(token):
            raise serializers.ValidationError("This looks like a card number; send its token.")
        return token


class PatternField(StrictCharField):
    """Text of one shape.

    Args:
        shape: what all of it must match.
        told: what it is, for who sends something else.
    """

    def __init__(self, shape: re.Pattern[str], told: str, **options: Any) -> None:
        super().__init__(**options)
        self.shape, self.told = shape, told

    def to_internal_value(self, data: Any) -> str:
        """The text."""
        text = super().to_internal_value(data)
        if not self.shape.fullmatch(text):
            raise serializers.ValidationError(self.told)
        return text


class StrictSerializer(serializers.Serializer[dict[str, Any]]):
    """An object whose unknown fields are named together with whatever else is wrong."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The known fields."""
        errors = self._unknown_fields(data)
        try:
            values: dict[str, Any] = super().to_internal_value(data)
        except serializers.ValidationError as error:
            errors = {**cast("dict[str, Any]", error.detail), **errors}
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _unknown_fields(self, data: Any) -> dict[str, list[str]]:
        if not isinstance(data, Mapping):
            return {}
        known = set(self.fields)
        if html.is_html_input(data):
            known |= self.not_fields_of_forms()
        return {name: ["This field is not known."] for name in sorted(set(data) - known)}

    def not_fields_of_forms(self) -> set[str]:
        """What comes with a form and is not of the object."""
        return {"csrfmiddlewaretoken"}


def email_field() -> PatternField:
    """An address; whether anybody reads it is not known before it is written to."""
    return PatternField(EMAIL, "This is no e-mail address.", max_length=254, required=False)


def name_field() -> StrictCharField:
    """A name as in the passport."""
    return StrictCharField(max_length=100, required=False)
