"""Departures, as they go in and out over HTTP."""

import re
from typing import Any, Final

from rest_framework import serializers

from booking.models import Cabin, Departure, Seat
from booking.selectors import Availability, CabinLeft, UnknownCabin
from booking.serializers.fields import (
    LARGEST_FLIGHT_NUMBER,
    PatternField,
    StrictCharField,
    StrictDateField,
    StrictIntegerField,
    StrictQuery,
)
from booking.services import MOST_PASSENGERS

AIRPORT: Final = re.compile("[A-Za-z]{3}")


class AirportField(PatternField):
    """An airport's code, given out in upper case."""

    def __init__(self, **options: Any) -> None:
        super().__init__(AIRPORT, "An airport's code is three letters, such as ARN.", **options)

    def to_internal_value(self, data: Any) -> str:
        """The code."""
        return super().to_internal_value(data).upper()


class DepartureQuery(StrictQuery):
    """The query of `GET /api/departures`: a route, a date, and how many are to fly."""

    origin = AirportField()
    destination = AirportField()
    date = StrictDateField(source="day", help_text="local to the origin")
    seats = StrictIntegerField(min_value=1, max_value=MOST_PASSENGERS, default=1)
    cabin = StrictCharField(required=False, max_length=20)
    flight_number = StrictIntegerField(min_value=1, max_value=LARGEST_FLIGHT_NUMBER, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What `selectors.search` takes.

        Raises:
            UnknownCabin: no aircraft has such a cabin.
        """
        if attrs["origin"] == attrs["destination"]:
            raise serializers.ValidationError({"destination": "This is the origin."})
        if "cabin" in attrs and attrs["cabin"] not in Cabin.values:
            raise UnknownCabin(f"There is no cabin {attrs['cabin']}.")
        return attrs


class CabinSerializer(serializers.Serializer[CabinLeft]):
    """What is left of a cabin, and the list price of one seat, in minor units of the currency; a
    cabin without a price does not sell."""

    cabin = serializers.ChoiceField(choices=Cabin.choices)
    seats_left = serializers.IntegerField()
    list_price = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()


class CabinWithSales(CabinSerializer):
    """The same, and how many seats are held or sold in each booking class."""

    seats_sold = serializers.DictField(child=serializers.IntegerField())


class DepartureSerializer(serializers.Serializer[Availability]):
    """A departure as clients see it; its date is local to the origin."""

    carrier = serializers.CharField(source="departure.flight.carrier")
    flight_number = serializers.IntegerField(source="departure.flight.number")
    origin = serializers.CharField(source="departure.flight.origin_id")
    destination = serializers.CharField(source="departure.flight.destination_id")
    departure_date = serializers.DateField(source="departure.date")
    departs_at = serializers.DateTimeField(source="departure.departs_at")
    arrives_at = serializers.DateTimeField(source="departure.arrives_at")
    origin_zone = serializers.CharField(source="departure.flight.origin.zone")
    destination_zone = serializers.CharField(source="departure.flight.destination.zone")
    aircraft_type = serializers.CharField(source="departure.aircraft_type_id")
    status = serializers.ChoiceField(source="departure.status", choices=Departure.Status.choices)
    cabins = CabinSerializer(many=True)


class SeatSerializer(serializers.Serializer[dict[str, Any]]):
    """A seat as clients see it, which never tells whose it is. `position` is null where the
    aircraft's seat map does not have the seat."""

    seat_number = serializers.CharField()
    row = serializers.IntegerField()
    letter = serializers.CharField()
    cabin = serializers.ChoiceField(choices=Cabin.choices)
    position = serializers.CharField(allow_null=True)
    exit_row = serializers.BooleanField()
    status = serializers.ChoiceField(choices=Seat.Status.choices)

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        """The seat as it was read: an aircraft has hundreds, and each field would cost its time."""
        return instance


class SeatMapSerializer(DepartureSerializer):
    """A departure with every seat, from the front to the back."""

    cabins = CabinWithSales(many=True)
    seats = SeatSerializer(many=True)
