"""Prices, as they go out over HTTP: what fare has told, as it has told it."""

from typing import Any

from rest_framework import serializers


class PriceLineSerializer(serializers.Serializer[dict[str, Any]]):
    """One part of a price; without a passenger it is for all of them together."""

    kind = serializers.ChoiceField(choices=["BASE", "TAX", "CHARGE", "FEE"])
    code = serializers.CharField()
    amount = serializers.IntegerField()
    passenger_id = serializers.IntegerField(allow_null=True)


class PenaltySerializer(serializers.Serializer[dict[str, Any]]):
    """Whether a cancelation or change is allowed, and its fee for each passenger."""

    allowed = serializers.BooleanField()
    fee = serializers.IntegerField()


class ConditionsSerializer(serializers.Serializer[dict[str, Any]]):
    """What the fare allows."""

    refundable = serializers.BooleanField()
    cancel_before_departure = PenaltySerializer()
    cancel_after_departure = PenaltySerializer()
    change_before_departure = PenaltySerializer()
    change_after_departure = PenaltySerializer()
    # What other seats may cost by their characteristics; a price from before that has none.
    seat_charges = serializers.DictField(child=serializers.IntegerField(), required=False)


class PriceSerializer(serializers.Serializer[dict[str, Any]]):
    """What a fare costs, and under which conditions; the total is the sum of the lines."""

    total = serializers.IntegerField()
    currency = serializers.CharField()
    lines = PriceLineSerializer(many=True)
    fare_basis = serializers.CharField(allow_null=True)
    fare_family = serializers.CharField(allow_null=True)
    conditions = ConditionsSerializer(allow_null=True)

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        """The price as fare has told it."""
        return instance
