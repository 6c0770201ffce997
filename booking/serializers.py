"""What goes in and out over HTTP."""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from django.conf import settings
from rest_framework import serializers
from rest_framework.utils import html

from booking.models import Reservation, TimelineEntry

SEAT_NUMBER: Final = re.compile(r"[1-9][0-9]?[A-HJK]")
CARD_NUMBER: Final = re.compile(r"[0-9]([ -]?[0-9]){11,18}")
LARGEST_PASSENGER_ID: Final = 2**53 - 1  # what every JSON implementation can carry
LARGEST_FLIGHT_NUMBER: Final = 2**31 - 1
TRIAL_TOKEN: Final = "tok_approve"  # noqa: S105 (the simulated processor's, not a secret)


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


class ReservationRequest(serializers.Serializer[dict[str, Any]]):
    """The body of `POST /api/reservations`."""

    passenger_id = StrictIntegerField(min_value=1, max_value=LARGEST_PASSENGER_ID)
    flight_number = StrictIntegerField(min_value=1, max_value=LARGEST_FLIGHT_NUMBER)
    seat_number = StrictCharField(max_length=4)
    payment_token = StrictCharField(
        max_length=200, required=False, help_text="the card processor's token, such as tok_approve"
    )

    def validate_seat_number(self, value: str) -> str:
        """A row and a letter, in upper case."""
        number = value.upper()
        if not SEAT_NUMBER.fullmatch(number):
            raise serializers.ValidationError("A seat number is a row and a letter, such as 12A.")
        return number

    def validate_payment_token(self, value: str) -> str:
        """A token, and never what may be a card's number: that must not even be stored."""
        if CARD_NUMBER.fullmatch(value):
            raise serializers.ValidationError("This looks like a card number; send its token.")
        return value

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The known fields; unknown ones are named together with whatever else is wrong."""
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
            known.add("csrfmiddlewaretoken")
        return {name: ["This field is not known."] for name in sorted(set(data) - known)}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields; a card is required where no trial card may stand in."""
        fields = super().get_fields()
        fields["payment_token"].required = not settings.TRIAL
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Let the trial card stand in for one that was not given."""
        return {"payment_token": TRIAL_TOKEN, **attrs}


class ReservationSerializer(serializers.ModelSerializer[Reservation]):
    """A reservation as clients see it."""

    departure_date = serializers.DateField(source="departure.date")
    departs_at = serializers.DateTimeField(source="departure.departs_at")

    class Meta:
        model = Reservation
        fields = [
            "id",
            "record_locator",
            "status",
            "customer_id",
            "passenger_id",
            "flight_number",
            "departure_date",
            "departs_at",
            "seat_number",
            "amount",
            "currency",
            "version",
            "hold_expires_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class TimelineEntrySerializer(serializers.ModelSerializer[TimelineEntry]):
    """One thing that happened."""

    class Meta:
        model = TimelineEntry
        fields = ["at", "entry", "detail"]
        read_only_fields = fields
