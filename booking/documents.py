"""What the OpenAPI document says of each operation: what it takes, gives and refuses.

Read off by `DocumentedSchema` of the settings: `refusals` become responses, one for each status,
and `links` say what can be asked for next.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from drf_spectacular.extensions import (
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError

from booking.fares import (
    RULES,
    CancelationNotAllowed,
    ChangeNotAllowed,
    FareUnavailable,
    NoConditions,
)
from booking.preconditions import KEY, MalformedKey, PreconditionRequired
from booking.selectors import (
    DepartureCanceled,
    DepartureClosed,
    DepartureDeparted,
    MixedCabins,
    NoSeatsLeft,
    SeatTaken,
    UnknownAirport,
    UnknownCabin,
    UnknownDeparture,
    UnknownFlight,
    UnknownReservation,
    UnknownSeat,
)
from booking.serializers import (
    LOCATOR,
    CancelationQuoteSerializer,
    CancelationRequest,
    ChangeQuoteRequest,
    ChangeQuoteSerializer,
    ChangeRequest,
    DepartureQuery,
    DepartureSerializer,
    MalformedHold,
    MalformedLocator,
    PaymentRequest,
    ReservationFilters,
    ReservationRequest,
    ReservationSerializer,
    ReservationWithParty,
    SeatMapSerializer,
    SeatsRequest,
    SurnameRequest,
    TimelineEntrySerializer,
)
from booking.services.changing import UnknownPassenger
from booking.services.idempotency import KeyReused, RequestInFlight
from booking.services.offers import OfferExpired, OfferForged, OfferMismatch
from booking.services.party import (
    InfantInExitRow,
    NotBornYet,
    PassengerTwice,
    SeatTwice,
    TooManyPassengers,
)
from booking.services.paying import HoldExpired, NotPayable
from booking.services.quotes import (
    QuoteExpired,
    QuoteInvalid,
    QuoteOfAnother,
    QuoteOutdated,
    QuoteRequired,
)
from booking.services.quoting import QuoteNotNeeded
from booking.services.rebooking import (
    ChangeUnderWay,
    NotChangeable,
    OtherRoute,
    PaymentTokenRequired,
    SameDeparture,
)
from booking.services.seat_charges import BeingPriced, SeatCostsMore
from booking.services.versions import ReservationFinal, StaleVersion

Refusals = tuple[type[APIException], ...]
Method = TypeVar("Method", bound=Callable[..., Any])

JSON: Final = "application/json"
Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


def operation(
    *,
    refusals: Refusals,
    links: Mapping[str, Any] | None = None,
    needs_body: bool = False,
    **told: Any,
) -> Callable[[Method], Method]:
    """Describe a view's method.

    Args:
        refusals: the exceptions that it answers with.
        links: what to do with what it gave, as OpenAPI's links.
        needs_body: whether a body must be sent.
        told: what `extend_schema` takes.
    """

    def describe(method: Method) -> Method:
        vars(method).update(refusals=refusals, links=links, needs_body=needs_body)
        return extend_schema(**told)(method)

    return describe


# How fields are described


class StrictObject(OpenApiSerializerExtension):
    """An object whose unknown fields are refused."""

    target_class = "booking.serializers.fields.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """The schema of the object."""
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}


class StrictText(OpenApiSerializerFieldExtension):
    """Text of one shape, or any that is not blank."""

    target_class = "booking.serializers.fields.StrictCharField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """The schema of the field."""
        schema = auto_schema._map_serializer_field(self.target, direction, bypass_extensions=True)
        shape = getattr(self.target, "accepted", None)
        return {**schema, "pattern": f"^{shape.pattern}$" if shape else r"\S"}


# What goes in: each of two forms by itself, which the serializers take in one


class OnePassenger(ReservationRequest):
    """One passenger with a seat."""

    def get_fields(self) -> Fields:
        """The fields of this form."""
        fields = super().get_fields()
        del fields["passengers"]
        return fields


class Group(ReservationRequest):
    """One to nine passengers; who names no seat is given one."""

    def get_fields(self) -> Fields:
        """The fields of this form."""
        fields = super().get_fields()
        del fields["passenger_id"], fields["seat_number"]
        fields["passengers"].required = True
        return fields


class FirstSeat(SeatsRequest):
    """Another seat for the first passenger."""

    def get_fields(self) -> Fields:
        """The fields of this form."""
        fields = super().get_fields()
        fields["seat_number"].required = True
        return {"seat_number": fields["seat_number"]}


class GroupSeats(SeatsRequest):
    """Other seats for these passengers."""

    def get_fields(self) -> Fields:
        """The fields of this form."""
        fields = super().get_fields()
        fields["passengers"].required = True
        return {"passengers": fields["passengers"]}


def either(name: str, *forms: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """A body in one of these forms."""
    return {JSON: PolymorphicProxySerializer(name, list(forms), resource_type_field_name=None)}


# Headers and parameters

ENTITY_TAG: Final = OpenApiParameter(
    "ETag",
    {"type": "string", "pattern": '^"[1-9][0-9]*"$'},
    location=OpenApiParameter.HEADER,
    required=True,
    response=True,
    description="The reservation's version, for `If-Match`.",
)
LOCATION: Final = OpenApiParameter(
    "Location",
    {"type": "string", "format": "uri-reference"},
    location=OpenApiParameter.HEADER,
    required=True,
    response=True,
    description="The path of the new reservation.",
)
NOT_KEPT: Final = OpenApiParameter(
    "Cache-Control",
    {"type": "string", "const": "no-store"},
    location=OpenApiParameter.HEADER,
    required=True,
    response=True,
    description="It is as it is now.",
)
IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    str,
    location=OpenApiParameter.HEADER,
    required=True,
    description='The `ETag` at which this may be done, such as `"1"`; `*` allows any.',
)
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": f"^{KEY.pattern}$"},
    location=OpenApiParameter.HEADER,
    description=(
        "What the client calls this request. For 24 hours the same request gets the same answer, "
        "and is done once."
    ),
)
HOLD: Final = OpenApiParameter(
    "hold",
    bool,
    description="Hold the seats unpaid, until `POST …/payment`; no `payment_token` then.",
)
LOCATOR_PARAMETER: Final = OpenApiParameter(
    "locator",
    {"type": "string", "pattern": f"^{LOCATOR.pattern}$"},
    location=OpenApiParameter.PATH,
    description="The record locator, in capitals or not.",
)

# Refusals that come together

ONCE: Final[Refusals] = (MalformedKey, RequestInFlight, KeyReused)
NOT_SOLD: Final[Refusals] = (DepartureCanceled, DepartureClosed, DepartureDeparted)
NO_SUCH_SEATS: Final[Refusals] = (MixedCabins, UnknownSeat, SeatTaken)
FARE_MAY_REFUSE: Final[Refusals] = (NoConditions, FareUnavailable)
NOT_AS_QUOTED: Final[Refusals] = (QuoteInvalid, QuoteExpired, QuoteOfAnother, QuoteOutdated)
NOT_CHANGEABLE: Final[Refusals] = (ReservationFinal, NotChangeable, ChangeUnderWay)
VERSIONED: Final[Refusals] = (StaleVersion, PreconditionRequired)

# Links

RESERVATION: Final = {"id": "$response.body#/id"}
CHANGE: Final = {**RESERVATION, "If-Match": "$response.header.ETag"}


def _link(operation_id: str, parameters: Mapping[str, str], **more: Any) -> dict[str, Any]:
    return {"operationId": operation_id, "parameters": dict(parameters), **more}


NEXT: Final = {
    "look": _link("get_reservation", RESERVATION),
    "timeline": _link("get_timeline", RESERVATION),
    "pay": _link("pay_reservation", RESERVATION),
    "change": _link("change_seats", CHANGE),
    "cancel": _link("cancel_reservation", CHANGE),
    "quote_cancelation": _link("quote_cancelation", RESERVATION),
    "quote_change": _link("quote_change", RESERVATION),
}

# Operations

LIST_RESERVATIONS = operation(
    operation_id="list_reservations",
    summary="Reservations, newest first",
    description="Those to which all of the filters apply; both dates are included.",
    parameters=[ReservationFilters],
    responses=ReservationSerializer(many=True),
    refusals=(ValidationError,),
)
CREATE_RESERVATION = operation(
    operation_id="create_reservation",
    summary="Hold seats and ask for their price and payment",
    description=(
        "All passengers get their seats or none does. Without a date it is the next open departure "
        "on which the seats are free. Answered before anything is quoted or paid: price and "
        "confirmation come by events. An offer has its price already, and is for its own departure."
    ),
    parameters=[HOLD, IDEMPOTENCY_KEY, ENTITY_TAG, LOCATION],
    request=either("Reservation", OnePassenger, Group),
    needs_body=True,
    responses={201: ReservationWithParty},
    examples=[
        OpenApiExample(
            "one passenger",
            {"passenger_id": 1, "flight_number": 1001, "seat_number": "12A"},
            request_only=True,
        ),
        OpenApiExample(
            "two passengers",
            {
                "flight_number": 1001,
                "cabin": "ECONOMY",
                "passengers": [
                    {"passenger_id": 1, "given_name": "Eva", "surname": "Berg"},
                    {"passenger_id": 2, "surname": "Berg", "date_of_birth": "2024-05-01"},
                ],
                "contact": {"email": "eva@example.test", "language": "sv"},
            },
            request_only=True,
        ),
    ],
    links=NEXT,
    refusals=(
        *(ValidationError, MalformedHold, OfferForged, OfferExpired, OfferMismatch),
        *(TooManyPassengers, PassengerTwice, SeatTwice, NotBornYet, InfantInExitRow),
        *(UnknownFlight, UnknownDeparture, UnknownCabin, NoSeatsLeft),
        *(*NO_SUCH_SEATS, *NOT_SOLD, *ONCE),
    ),
)
GET_RESERVATION = operation(
    operation_id="get_reservation",
    summary="A reservation with its passengers",
    parameters=[ENTITY_TAG],
    responses=ReservationWithParty,
    links=NEXT,
    refusals=(UnknownReservation,),
)
FIND_RESERVATION = operation(
    operation_id="find_reservation",
    summary="A reservation by its record locator and a passenger's surname",
    parameters=[LOCATOR_PARAMETER, SurnameRequest, ENTITY_TAG],
    responses=ReservationWithParty,
    links=NEXT,
    refusals=(ValidationError, MalformedLocator, UnknownReservation),
)
CHANGE_SEATS = operation(
    operation_id="change_seats",
    summary="Give passengers other seats",
    description=(
        "All of them or none. The seats stay in the reservation's cabin; swaps are fine. Once "
        "there is a price, they cost no more than those that are left: the conditions have "
        "`seat_charges`."
    ),
    parameters=[IF_MATCH, ENTITY_TAG],
    request=either("Seats", FirstSeat, GroupSeats),
    needs_body=True,
    responses=ReservationWithParty,
    links=NEXT,
    refusals=(
        *(ValidationError, UnknownReservation, UnknownPassenger, ReservationFinal),
        *(PassengerTwice, SeatTwice, InfantInExitRow, SeatCostsMore, BeingPriced),
        *(*NO_SUCH_SEATS, *NOT_SOLD, *VERSIONED),
    ),
)
QUOTE_CANCELATION = operation(
    operation_id="quote_cancelation",
    summary="What a cancelation would give back, and why",
    description=(
        "For a CONFIRMED reservation at a fare's price. It has no effect; its `quote_id` cancels "
        "at just that until it expires."
    ),
    parameters=[IDEMPOTENCY_KEY, NOT_KEPT],
    request=None,
    responses=CancelationQuoteSerializer,
    refusals=(
        *(ValidationError, UnknownReservation, ReservationFinal, DepartureDeparted),
        *(QuoteNotNeeded, CancelationNotAllowed),
        *(*FARE_MAY_REFUSE, *ONCE),
    ),
)
CANCEL_RESERVATION = operation(
    operation_id="cancel_reservation",
    summary="Give a reservation up",
    description=(
        "What was paid at a fare's price goes back as it was quoted. 202 while the reservation is "
        "being changed: the cancelation follows when the change has ended."
    ),
    parameters=[IF_MATCH, IDEMPOTENCY_KEY, ENTITY_TAG],
    request={JSON: CancelationRequest},
    responses={200: ReservationWithParty, 202: ReservationWithParty},
    links=NEXT,
    refusals=(
        *(ValidationError, UnknownReservation, ReservationFinal, DepartureDeparted, QuoteRequired),
        *(*NOT_AS_QUOTED, *VERSIONED, *ONCE),
    ),
)
QUOTE_CHANGE = operation(
    operation_id="quote_change",
    summary="What another departure of the same route would cost, and why",
    description=(
        "It has no effect, and holds no seat; its `quote_id` changes at just that until it expires."
    ),
    parameters=[IDEMPOTENCY_KEY, NOT_KEPT],
    request={JSON: ChangeQuoteRequest},
    needs_body=True,
    responses=ChangeQuoteSerializer,
    examples=[
        OpenApiExample("another day", {"departure_date": "2026-12-02"}, request_only=True),
        OpenApiExample(
            "another flight and seat",
            {
                "departure_date": "2026-12-02",
                "flight_number": 1001,
                "passengers": [{"passenger_id": 1, "seat_number": "14C"}],
            },
            request_only=True,
        ),
    ],
    refusals=(
        *(ValidationError, UnknownReservation, UnknownPassenger),
        *NOT_CHANGEABLE,
        *(PassengerTwice, SeatTwice, NotBornYet, InfantInExitRow),
        *(UnknownFlight, UnknownDeparture, UnknownCabin, NoSeatsLeft, SameDeparture, OtherRoute),
        *(*NO_SUCH_SEATS, *NOT_SOLD, *FARE_MAY_REFUSE, ChangeNotAllowed, *RULES, *ONCE),
    ),
)
CHANGE_DEPARTURE = operation(
    operation_id="change_departure",
    summary="Change a reservation to another departure, as it was quoted",
    description=(
        "The new seats are held before the old ones are given up, all or nothing. 200 where "
        "nothing had to be paid: it is changed. 202 where something has: the card is asked for it, "
        "and the change or its rejection follows by events; the timeline tells which."
    ),
    parameters=[IF_MATCH, IDEMPOTENCY_KEY, ENTITY_TAG],
    request={JSON: ChangeRequest},
    needs_body=True,
    responses={200: ReservationWithParty, 202: ReservationWithParty},
    links=NEXT,
    refusals=(
        *(ValidationError, UnknownReservation, PaymentTokenRequired),
        *(*NOT_CHANGEABLE, *NOT_AS_QUOTED),
        *(NotBornYet, InfantInExitRow, NoSeatsLeft),
        *(*NO_SUCH_SEATS, *NOT_SOLD, *VERSIONED, *ONCE),
    ),
)
PAY_RESERVATION = operation(
    operation_id="pay_reservation",
    summary="Pay for what was only held",
    description="Answered before anything is paid: confirmation comes by events.",
    parameters=[IDEMPOTENCY_KEY, ENTITY_TAG],
    request={JSON: PaymentRequest},
    responses={202: ReservationWithParty},
    links=NEXT,
    refusals=(ValidationError, UnknownReservation, NotPayable, HoldExpired, *NOT_SOLD, *ONCE),
)
GET_TIMELINE = operation(
    operation_id="get_timeline",
    summary="What happened to a reservation, oldest first",
    responses=inline_serializer("Timeline", {"results": TimelineEntrySerializer(many=True)}),
    refusals=(UnknownReservation,),
)
SEARCH_DEPARTURES = operation(
    operation_id="search_departures",
    summary="The departures of a route and a date that sell, with what is left of each",
    description="Those with room for all in one cabin, the earliest first.",
    parameters=[DepartureQuery, NOT_KEPT],
    responses=inline_serializer("Departures", {"results": DepartureSerializer(many=True)}),
    refusals=(ValidationError, UnknownAirport, UnknownCabin, UnknownFlight),
)
GET_DEPARTURE = operation(
    operation_id="get_departure",
    summary="One departure, whatever its status, and what is left of it",
    parameters=[NOT_KEPT],
    responses=DepartureSerializer,
    refusals=(UnknownFlight, UnknownDeparture),
)
GET_SEAT_MAP, GET_DEPARTURE_SEATS = (
    operation(
        operation_id=name,
        summary="One departure, whatever its status, with every seat as it is now",
        parameters=[NOT_KEPT],
        responses=SeatMapSerializer,
        refusals=(UnknownFlight, UnknownDeparture),
    )
    for name in ("get_seat_map", "get_departure_seats")
)
