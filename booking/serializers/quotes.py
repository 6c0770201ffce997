"""What cancelations and changes come to, as it goes in and out over HTTP."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework import serializers

from booking.models import Cabin
from booking.selectors import UnknownCabin
from booking.serializers.fields import (
    LARGEST_FLIGHT_NUMBER,
    PaymentTokenField,
    StrictCharField,
    StrictDateField,
    StrictIntegerField,
    StrictSerializer,
)
from booking.serializers.reservations import LONGEST_LIST, TRIAL_TOKEN, SeatRequest
from booking.services.party import PassengerTwice
from booking.services.quotes import LONGEST_QUOTE_ID


class QuoteIdField(StrictCharField):
    """The id of a quote, which is the quote itself, signed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_QUOTE_ID, **options)


class CancelationRequest(StrictSerializer):
    """The body of `POST /api/reservations/<id>/cancelation`."""

    quote_id = QuoteIdField(
        required=False, help_text="what was quoted; needed once a fare's price is paid"
    )


class ChangeRequest(StrictSerializer):
    """The body of `POST /api/reservations/<id>/change`."""

    quote_id = QuoteIdField()
    payment_token = PaymentTokenField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Let the trial card stand in for one that was not given."""
        return {"payment_token": TRIAL_TOKEN if settings.TRIAL else None, **attrs}


class ChangeQuoteRequest(StrictSerializer):
    """The body of `POST /api/reservations/<id>/change-quotes`: the wanted departure, and seats for
    who chooses one."""

    departure_date = StrictDateField(help_text="local to the origin")
    flight_number = StrictIntegerField(
        min_value=1,
        max_value=LARGEST_FLIGHT_NUMBER,
        required=False,
        help_text="the reservation's own, if not said",
    )
    cabin = StrictCharField(
        required=False, max_length=20, help_text="the reservation's own, if not said"
    )
    passengers = serializers.ListField(child=SeatRequest(), required=False, max_length=LONGEST_LIST)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What `services.quote_change` takes.

        Raises:
            UnknownCabin, PassengerTwice: there is no such cabin, or a passenger twice.
        """
        if "cabin" in attrs and attrs["cabin"] not in Cabin.values:
            raise UnknownCabin(f"There is no cabin {attrs['cabin']}.")
        chosen = attrs.pop("passengers", [])
        seats = {one["passenger_id"]: one["seat_number"] for one in chosen}
        if len(seats) < len(chosen):
            raise PassengerTwice("A passenger is there twice.")
        return {**attrs, "seats": seats}


class LineSerializer(serializers.Serializer[Mapping[str, Any]]):
    """A part of a price, in minor units; without a passenger it is for all of them together."""

    kind = serializers.ChoiceField(choices=["BASE", "TAX", "CHARGE", "FEE"])
    code = serializers.CharField()
    amount = serializers.IntegerField()
    passenger_id = serializers.IntegerField(allow_null=True)


class WhySerializer(serializers.Serializer[Mapping[str, Any]]):
    """A reason: a code for programs, a text for people."""

    code = serializers.CharField()
    text = serializers.CharField()


class QuoteSerializer(serializers.Serializer[Any]):
    """What it comes to, in minor units of the currency, as long as it is confirmed in time.

    `charged` is kept of what was paid, or asked for on top of it; `refunded` goes back to the card;
    `lines` are what `charged` is made of.
    """

    quote_id = serializers.CharField()
    expires_at = serializers.DateTimeField(source="agreed.expires_at")
    currency = serializers.CharField(source="quote.settlement.currency")
    charged = serializers.IntegerField(source="quote.settlement.charged")
    refunded = serializers.IntegerField(source="quote.settlement.refunded")
    lines = LineSerializer(many=True, source="quote.settlement.lines")
    reasons = WhySerializer(many=True, source="quote.reasons")


class CancelationQuoteSerializer(QuoteSerializer):
    """What a cancelation gives back; `returned` are the parts of the price that come back, before
    fees are taken off."""

    returned = LineSerializer(many=True, source="quote.returned")


class ChangedPriceSerializer(serializers.Serializer[Any]):
    """What the changed reservation will have cost in all, fees among its lines."""

    total = serializers.IntegerField()
    currency = serializers.CharField()
    lines = LineSerializer(many=True)
    fare_basis = serializers.CharField(allow_null=True)
    fare_family = serializers.CharField(allow_null=True)


class ChangeQuoteSerializer(QuoteSerializer):
    """What another departure costs: the difference of the prices, which is negative where it is
    cheaper, and the fee."""

    flight_number = serializers.IntegerField(source="departure.flight.number")
    departure_date = serializers.DateField(source="departure.date")
    departs_at = serializers.DateTimeField(source="departure.departs_at")
    cabin = serializers.ChoiceField(choices=Cabin.choices, source="agreed.cabin")
    booking_class = serializers.CharField(source="quote.booking_class")
    difference = serializers.IntegerField()
    fee = serializers.IntegerField()
    price = ChangedPriceSerializer(source="quote.price")
