"""What comes in and goes out over HTTP."""

import re
from typing import Any, Final, TypeVar

import msgspec
from rest_framework import serializers

from fare.models import Quote

T = TypeVar("T")

# msgspec says what is wrong, and then where: `Expected `int`, got `str` - at `$.passengers[0]``.
PLACE: Final = re.compile(r"(?P<wrong>.+?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)
NAMED: Final = re.compile(r"Object (?:missing required|contains unknown) field `(?P<name>.+)`")


def parsed(body: Any, of_type: type[T]) -> T:
    """A request's decoded body as a message.

    Raises:
        ValidationError: it is none; what is wrong is named by its field.
    """
    try:
        return msgspec.convert(body, of_type)
    except msgspec.ValidationError as error:
        raise serializers.ValidationError(_by_field(str(error))) from error


def _by_field(text: str) -> dict[str, list[str]]:
    found = PLACE.fullmatch(text)
    wrong, path = (found["wrong"], found["path"] or "") if found else (text, "")
    named = NAMED.fullmatch(wrong)
    field = f"{path}.{named['name']}" if named else path
    return {field.removeprefix(".") or "non_field_errors": [f"{wrong}."]}


class QuoteSerializer(serializers.ModelSerializer[Quote]):
    """The last answer about a reservation: its price, or the rule that refused."""

    class Meta:
        model = Quote
        fields = [
            "reservation_id",
            "amount",
            "currency",
            "fare_basis",
            "refusal",
            "asked_at",
            "answer",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields
