"""Reservations, as they go in and out over HTTP."""

import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.utils import html

from booking.models import Cabin, Reservation, ReservationPassenger, TimelineEntry
from booking.models.reservation import LOCATOR_ALPHABET, LOCATOR_LENGTH
from booking.selectors import UnknownCabin
from booking.serializers.fields import (
    LARGEST_FLIGHT_NUMBER,
    PatternField,
    PaymentTokenField,
    SeatNumberField,
    StrictCharField,
    StrictDateField,
    StrictDateTimeField,
    StrictIntegerField,
    StrictQuery,
    StrictSerializer,
    email_field,
    name_field,
)
from booking.services import LANGUAGE, Traveler
from booking.services.party import PassengerTwice
from contracts.values import Contact

LARGEST_PASSENGER_ID: Final = 2**53 - 1  # what every JSON implementation can carry
LANGUAGE_TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
LOCATOR: Final = re.compile(rf"[{LOCATOR_ALPHABET}{LOCATOR_ALPHABET.lower()}]{{{LOCATOR_LENGTH}}}")
LONGEST_LIST: Final = 100
TRIAL_TOKEN: Final = "tok_approve"  # noqa: S105 (the simulated processor's, not a secret)
TRIAL_EMAIL: Final = "passenger-{}@example.test"


class OfferUnknown(APIException):
    """Nobody has made such an offer: there are none yet."""

    status_code = 404
    default_code = "offer-unknown"
    default_detail = "There is no such offer."


class MalformedHold(APIException):
    """`hold` is true or false."""

    status_code = 400
    default_code = "malformed-hold"
    default_detail = "The parameter hold is true or false."


class MalformedLocator(APIException):
    """What is no record locator can be nobody's."""

    status_code = 400
    default_code = "malformed-locator"
    default_detail = "A record locator has six characters, letters and digits, without I, O, 0, 1."


class TravelerRequest(StrictSerializer):
    """Somebody who flies, as a request names them."""

    passenger_id = StrictIntegerField(min_value=1, max_value=LARGEST_PASSENGER_ID)
    seat_number = SeatNumberField(required=False)
    given_name = name_field()
    surname = name_field()
    email = email_field()
    date_of_birth = StrictDateField(required=False)


class ContactRequest(StrictSerializer):
    """Whom to tell."""

    email = email_field()
    given_name = name_field()
    surname = name_field()
    language = PatternField(LANGUAGE_TAG, "A language is such as en, or de-CH.", required=False)


class PaymentRequest(StrictSerializer):
    """The body of `POST /api/reservations/<id>/payment`."""

    payment_token = PaymentTokenField(required=False)

    def variant(self) -> Hashable:
        """Whether a trial card may stand in."""
        return settings.TRIAL

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields; a card is required where no trial card may stand in."""
        fields = super().get_fields()
        fields["payment_token"].required = not settings.TRIAL
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Let the trial card stand in for one that was not given."""
        return {"payment_token": TRIAL_TOKEN, **attrs}


class ReservationRequest(PaymentRequest):
    """The body of `POST /api/reservations`: one passenger with a seat, or `passengers`.

    With `hold` in its context it is a hold's, which no card comes with.
    """

    passenger_id = StrictIntegerField(min_value=1, max_value=LARGEST_PASSENGER_ID)
    flight_number = StrictIntegerField(min_value=1, max_value=LARGEST_FLIGHT_NUMBER)
    seat_number = SeatNumberField()
    passengers = serializers.ListField(
        child=TravelerRequest(), required=False, min_length=1, max_length=LONGEST_LIST
    )
    departure_date = StrictDateField(required=False, help_text="local to the origin")
    cabin = StrictCharField(required=False, max_length=20)
    booking_class = PatternField(
        re.compile("[A-Z]"), "A booking class is one capital letter.", required=False
    )
    contact = ContactRequest(required=False)
    offer_id = StrictCharField(required=False, max_length=100)

    def variant(self) -> Hashable:
        """Also whether passengers are listed, and whether it is a hold."""
        return super().variant(), self._lists_passengers(), self._is_hold()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields: who is listed is not named again, and a hold has no card."""
        fields = super().get_fields()
        if self._lists_passengers():
            del fields["passenger_id"], fields["seat_number"]
        if self._is_hold():
            del fields["payment_token"]
        return fields

    def _lists_passengers(self) -> bool:
        given = getattr(self, "initial_data", None)
        if not isinstance(given, Mapping) or html.is_html_input(given):
            return False
        return "passengers" in given

    def _is_hold(self) -> bool:
        return bool(self.context.get("hold"))

    def not_fields_of_forms(self) -> set[str]:
        """The browsable API's form has what it cannot show, a list and an object, in pieces."""
        pieces = {name for name in self.initial_data if name.startswith(("contact.", "passengers"))}
        return super().not_fields_of_forms() | pieces

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What `services.create_reservation` takes.

        Raises:
            OfferUnknown, UnknownCabin: there is no such thing.
        """
        if "offer_id" in attrs:
            raise OfferUnknown
        if "cabin" in attrs and attrs["cabin"] not in Cabin.values:
            raise UnknownCabin(f"There is no cabin {attrs['cabin']}.")
        card = {"payment_token": None} if self._is_hold() else super().validate({})
        return {**card, **_travelers(attrs)}


def _travelers(attrs: dict[str, Any]) -> dict[str, Any]:
    """The short form is a list of one; a contact is a value."""
    rest = dict(attrs)
    if "passengers" in rest:
        travelers = [Traveler(**passenger) for passenger in rest.pop("passengers")]
    else:
        travelers = [Traveler(rest.pop("passenger_id"), rest.pop("seat_number"))]
    contact = _contact(rest.pop("contact", {}), travelers)
    return {**rest, "travelers": travelers, "contact": contact}


def _contact(given: Mapping[str, Any], travelers: Sequence[Traveler]) -> Contact | None:
    """Whom to tell, if anybody said; under `TRIAL`, where nobody gave an address, a made-up one
    stands in."""
    stand_in = {}
    if settings.TRIAL and not any(traveler.email for traveler in travelers):
        stand_in = {"email": TRIAL_EMAIL.format(travelers[0].passenger_id)}
    said = {**stand_in, **given}
    return Contact(**{"language": LANGUAGE, **said}) if said else None


class SeatRequest(StrictSerializer):
    """A passenger's new seat."""

    passenger_id = StrictIntegerField(min_value=1, max_value=LARGEST_PASSENGER_ID)
    seat_number = SeatNumberField()


class SeatsRequest(StrictSerializer):
    """The body of `PATCH /api/reservations/<id>`: the first passenger's seat, or `passengers`."""

    seat_number = SeatNumberField(required=False)
    passengers = serializers.ListField(
        child=SeatRequest(), required=False, min_length=1, max_length=LONGEST_LIST
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What `services.change_seats` takes."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Give either seat_number or passengers.")
        if "seat_number" in attrs:
            return {"seats": {None: attrs["seat_number"]}}
        seats = {one["passenger_id"]: one["seat_number"] for one in attrs["passengers"]}
        if len(seats) < len(attrs["passengers"]):
            raise PassengerTwice("A passenger is there twice.")
        return {"seats": seats}


class ReservationFilters(StrictQuery):
    """The query of `GET /api/reservations`: all of it must apply."""

    status = serializers.MultipleChoiceField(choices=Reservation.Status.choices, required=False)
    flight_number = StrictIntegerField(min_value=1, max_value=LARGEST_FLIGHT_NUMBER, required=False)
    departure_from = StrictDateField(required=False)
    departure_to = StrictDateField(required=False)
    passenger_id = StrictIntegerField(min_value=1, max_value=LARGEST_PASSENGER_ID, required=False)
    created_since = StrictDateTimeField(required=False)

    def not_fields_of_forms(self) -> set[str]:
        """What a query has besides."""
        return {"cursor"}


class SurnameRequest(StrictQuery):
    """The query of `GET /api/reservations/by-locator/<locator>`."""

    surname = StrictCharField(max_length=100)


def hold_of(query: QueryDict) -> bool:
    """What the query of `POST /api/reservations` says: whether the seats are only held.

    Raises:
        ValidationError: it has another parameter. Whoever mistypes this one has a card charged.
        MalformedHold: neither yes nor no, or both.
    """
    if not query:
        return False
    # The browsable API's form is posted to the address of the list that it is below.
    lists = {"cursor", *ReservationFilters().fields}
    if unknown := sorted(set(query) - {"hold"} - lists):
        raise serializers.ValidationError({name: ["This field is not known."] for name in unknown})
    said = query.getlist("hold") or ["false"]
    if said not in (["true"], ["false"]):
        raise MalformedHold
    return said == ["true"]


def locator_of(text: str) -> str:
    """A record locator, in upper case.

    Raises:
        MalformedLocator: it is none.
    """
    if not LOCATOR.fullmatch(text):
        raise MalformedLocator
    return text.upper()


class PassengerSerializer(serializers.ModelSerializer[ReservationPassenger]):
    """A passenger as clients see them."""

    class Meta:
        model = ReservationPassenger
        fields = [
            "passenger_id",
            "seat_number",
            "type",
            "given_name",
            "surname",
            "ticket_number",
        ]
        read_only_fields = fields


class ReservationSerializer(serializers.ModelSerializer[Reservation]):
    """A reservation as lists show it."""

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
            "cabin",
            "amount",
            "currency",
            "version",
            "hold_expires_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class ReservationWithParty(ReservationSerializer):
    """A reservation with everybody who flies."""

    passengers = PassengerSerializer(many=True, source="party")

    class Meta(ReservationSerializer.Meta):
        fields = [*ReservationSerializer.Meta.fields, "passengers"]
        read_only_fields = fields


class TimelineEntrySerializer(serializers.ModelSerializer[TimelineEntry]):
    """One thing that happened."""

    class Meta:
        model = TimelineEntry
        fields = ["at", "entry", "detail"]
        read_only_fields = fields
