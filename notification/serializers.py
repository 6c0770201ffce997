"""What comes in and goes out over HTTP."""

import re
from typing import Any, Final, TypeVar

import msgspec
from rest_framework import serializers

from notification.models import Attempt, Delivery, Endpoint

T = TypeVar("T")

# msgspec says what is wrong, and then where: `Expected `str`, got `int` - at `$.url``.
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


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    """An endpoint, without its secrets."""

    event_types = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Endpoint
        fields = [
            "id",
            "customer_id",
            "url",
            "description",
            "event_types",
            "is_enabled",
            "disabled_reason",
            "failing_since",
            "created_at",
        ]
        read_only_fields = fields


class EndpointWithSecretSerializer(EndpointSerializer):
    """An endpoint when its secret is new: the one time that it is told."""

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One attempt at a delivery."""

    class Meta:
        model = Attempt
        fields = ["at", "duration_ms", "request", "answer_status", "answer", "error"]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """A delivery and its log. It names nobody."""

    log = AttemptSerializer(many=True, read_only=True)

    class Meta:
        model = Delivery
        fields = [
            "id",
            "message_id",
            "event_id",
            "event_type",
            "reservation_id",
            "channel",
            "recipient",
            "status",
            "attempts",
            "next_attempt_at",
            "error",
            "created_at",
            "completed_at",
            "log",
        ]
        read_only_fields = fields


class RedeliveredSerializer(serializers.Serializer[Any]):
    """How many deliveries are sent again."""

    redelivered = serializers.IntegerField(min_value=0)
