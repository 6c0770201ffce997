"""Fields and objects that take no guesses about what a client meant."""

import re
import unicodedata
from collections.abc import Hashable, Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import cached_property
from typing import Any, ClassVar, Final, cast

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.utils import html
from rest_framework.utils.serializer_helpers import BindingDict
from rest_framework.validators import ProhibitSurrogateCharactersValidator

SEAT_NUMBER: Final = re.compile(r"[1-9][0-9]?[A-HJKa-hjk]")
DIGITS: Final = re.compile(r"-?[0-9]+")
DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT: Final = re.compile(
    rf"{DATE.pattern}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]+)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})"
)
CARD_NUMBER: Final = re.compile(r"[0-9]([ -]?[0-9]){11,18}")
EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
# Control characters, the ends of lines and paragraphs.
NOT_PRINTED: Final = frozenset({"Cc", "Zl", "Zp"})
LARGEST_FLIGHT_NUMBER: Final = 2**31 - 1


class FormText(str):
    """What stands in a form or a query, which know only text."""


class StrictIntegerField(serializers.IntegerField):
    """An integer that must be one in JSON: no "1", 1.0 or true. Forms and queries know only text:
    there it is digits and nothing else."""

    def get_value(self, dictionary: Mapping[Any, Any]) -> Any:
        """What the request has for this field."""
        value = super().get_value(dictionary)
        is_text = html.is_html_input(dictionary) and isinstance(value, str)
        return FormText(value) if is_text else value

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if isinstance(data, FormText):
            is_one = DIGITS.fullmatch(data) is not None
        else:
            is_one = isinstance(data, int) and not isinstance(data, bool)
        if not is_one:
            self.fail("invalid")
        return super().to_internal_value(data)


class NoSurrogates(ProhibitSurrogateCharactersValidator):
    """DRF's own, which looks at one character after the other, where there may be any at all."""

    def __call__(self, value: str) -> None:
        """Refuse half a surrogate pair."""
        if not value.isascii():
            super().__call__(value)


class StrictCharField(serializers.CharField):
    """Text that must be text in JSON: numbers are not turned into it. Its longest length is that
    of what was sent, spaces at the ends and all."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators = [
            NoSurrogates() if isinstance(one, ProhibitSurrogateCharactersValidator) else one
            for one in self.validators
        ]

    def to_internal_value(self, data: Any) -> str:
        """The text."""
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class PaymentTokenField(StrictCharField):
    """A token, and never what may be a card's number: that must not even be stored."""

    def __init__(self, **options: Any) -> None:
        told = "the card processor's token, such as tok_approve; only TRIAL can do without one"
        super().__init__(max_length=200, help_text=told, **options)

    def to_internal_value(self, data: Any) -> str:
        """The token."""
        token = super().to_internal_value(data)
        if CARD_NUMBER.fullmatch(token):
            raise serializers.ValidationError("This looks like a card number; send its token.")
        return token


class PatternField(StrictCharField):
    """Text of one shape, to the last space.

    Args:
        accepted: what all of it must match.
        told: what it is, for who sends something else.
    """

    def __init__(self, accepted: re.Pattern[str], told: str, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)
        self.accepted, self.told = accepted, told

    def to_internal_value(self, data: Any) -> str:
        """The text."""
        text = super().to_internal_value(data)
        if not self.accepted.fullmatch(text):
            raise serializers.ValidationError(self.told)
        return text


class SeatNumberField(PatternField):
    """A row and a letter, given out in upper case."""

    def __init__(self, **options: Any) -> None:
        told = "A seat number is a row and a letter, such as 12A."
        super().__init__(SEAT_NUMBER, told, **options)

    def to_internal_value(self, data: Any) -> str:
        """The seat number."""
        return super().to_internal_value(data).upper()


class StrictDateField(serializers.DateField):
    """A date as RFC 3339 writes it, and no other way that ISO 8601 knows."""

    def to_internal_value(self, value: Any) -> date:
        """The date."""
        if isinstance(value, str) and DATE.fullmatch(value):
            with suppress(ValueError):
                return date.fromisoformat(value)
        self.fail("invalid", format="YYYY-MM-DD")


class StrictDateTimeField(serializers.DateTimeField):
    """A moment as RFC 3339 writes it: to the second at least, and with its offset from UTC."""

    def to_internal_value(self, value: Any) -> datetime:
        """The moment."""
        if not isinstance(value, str) or not MOMENT.fullmatch(value):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        return super().to_internal_value(value)


class StrictSerializer(serializers.Serializer[dict[str, Any]]):
    """An object whose unknown fields are named together with whatever else is wrong.

    Its fields are made once and shared by all requests: to copy them for each, as DRF does by
    itself, cost more than to validate with them, which changes nothing about a field.
    """

    _made: ClassVar[dict[Hashable, BindingDict]] = {}

    @cached_property
    def fields(self) -> BindingDict:
        """The fields of this class and variant."""
        key = type(self), self.variant()
        if key not in self._made:
            # They belong to an instance that keeps no request's data.
            fields = BindingDict(type(self)())
            for name, field in self.get_fields().items():
                fields[name] = field
            self._made[key] = fields
        return self._made[key]

    def variant(self) -> Hashable:
        """Everything that `get_fields` depends on."""
        return None

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The known fields."""
        errors = self._unknown_fields(data)
        try:
            values = self._values(data)
        except serializers.ValidationError as error:
            errors = {**cast("dict[str, Any]", error.detail), **errors}
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _values(self, data: Any) -> dict[str, Any]:
        """What DRF makes of the data. By itself it asks each field that may be missing, and each
        answers with an exception: in JSON, what is not there is not asked for.

        Raises:
            ValidationError: by field.
        """
        if not isinstance(data, dict) or html.is_html_input(data):
            return cast("dict[str, Any]", super().to_internal_value(data))
        values, errors = {}, {}
        for name, field in self.fields.fields.items():
            if field.required or name in data:
                try:
                    values[name] = field.run_validation(data.get(name, serializers.empty))
                except serializers.ValidationError as error:
                    errors[name] = error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _unknown_fields(self, data: Any) -> dict[str, list[str]]:
        if not isinstance(data, dict):
            return {}
        unknown = data.keys() - self.fields.fields.keys()
        if unknown and html.is_html_input(data):
            unknown -= self.not_fields_of_forms()
        return {name: ["This field is not known."] for name in sorted(unknown)}

    def run_validators(self, value: Any) -> None:
        """None: what is asked of an object as a whole is in `validate`."""

    def not_fields_of_forms(self) -> set[str]:
        """What comes with a form and is not of the object."""
        return {"csrfmiddlewaretoken"}


class StrictQuery(StrictSerializer):
    """A query whose parameters have a value if they are there, and one only where one is meant."""

    def _unknown_fields(self, data: Any) -> dict[str, list[str]]:
        wrong = {name: told for name in sorted(self.fields) if (told := self._misuse(data, name))}
        return {**super()._unknown_fields(data), **wrong}

    def _misuse(self, query: QueryDict, name: str) -> list[str]:
        if query.get(name) == "":
            return ["It has no value."]
        takes_several = isinstance(self.fields[name], serializers.MultipleChoiceField)
        is_twice = len(query.getlist(name)) > 1
        return ["It is there twice."] if is_twice and not takes_several else []


def email_field() -> PatternField:
    """An address; whether anybody reads it is not known before it is written to."""
    return PatternField(EMAIL, "This is no e-mail address.", max_length=254, required=False)


class NameField(StrictCharField):
    """A name as in the passport: one line, which goes into letters and their heads as it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=100, **options)

    def to_internal_value(self, data: Any) -> str:
        """The name."""
        name = super().to_internal_value(data)
        if any(unicodedata.category(character) in NOT_PRINTED for character in name):
            raise serializers.ValidationError("A name is one line of text.")
        return name


def name_field() -> NameField:
    """A name that may be left out."""
    return NameField(required=False)
