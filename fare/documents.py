"""What the OpenAPI document says of each operation: what it takes, gives and refuses.

The bodies are msgspec's Structs; their schemas are put among the document's components.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import APIException, ValidationError

from contracts.quotes import (
    CancelationQuote,
    CancelationQuoteRequest,
    ChangeQuote,
    ChangeQuoteRequest,
)
from fare.messages import Offers, OffersRequest
from fare.refusals import (
    AdvancePurchase,
    BlackoutDate,
    BookingUnavailable,
    CancelationNotAllowed,
    ChangeNotAllowed,
    ClassClosed,
    CurrencyMismatch,
    DayOfWeek,
    NoConditions,
    NoFare,
    NothingToPay,
    NotOnSale,
    PassengerTwice,
    PassengerTypeRefused,
    SeatTwice,
    SeatUnavailable,
    TravelDates,
    UnknownPassengerType,
)

Method = TypeVar("Method", bound=Callable[..., Any])
Refusals = tuple[type[APIException], ...]

MESSAGES: Final = (
    OffersRequest,
    Offers,
    CancelationQuoteRequest,
    CancelationQuote,
    ChangeQuoteRequest,
    ChangeQuote,
)
COMPONENT: Final = "#/components/schemas/{name}"


def add_messages(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """drf-spectacular's hook: the document with the schemas of the messages."""
    _, schemas = msgspec.json.schema_components(MESSAGES, ref_template=COMPONENT)
    components = {**result["components"]["schemas"], **schemas}
    result["components"]["schemas"] = dict(sorted(components.items()))
    return result


def _reference(message: type[msgspec.Struct]) -> dict[str, Any]:
    return {"$ref": COMPONENT.format(name=message.__name__)}


def operation(
    *,
    takes: type[msgspec.Struct],
    gives: type[msgspec.Struct],
    refusals: Refusals,
    **told: Any,
) -> Callable[[Method], Method]:
    """Describe a view's method.

    Args:
        takes: the body that must be sent.
        gives: the body of the answer.
        refusals: the exceptions that it answers with.
        told: what `extend_schema` takes.
    """

    def describe(method: Method) -> Method:
        vars(method).update(refusals=refusals, needs_body=True)
        schema = extend_schema(
            request={"application/json": _reference(takes)},
            responses={200: _reference(gives)},
            **told,
        )
        return schema(method)

    return describe


BY_RULES: Final[Refusals] = (
    *(NoFare, CurrencyMismatch, PassengerTypeRefused, NotOnSale, TravelDates, DayOfWeek),
    *(BlackoutDate, AdvancePurchase, ClassClosed, NothingToPay),
)

LIST_OFFERS = operation(
    operation_id="list_offers",
    summary="Priced offers for the departures of a route and a date",
    description=(
        "The cheapest first. An offer's price is guaranteed until it expires; its id buys at that "
        "price. It holds no seat."
    ),
    takes=OffersRequest,
    gives=Offers,
    examples=[
        OpenApiExample(
            "one adult",
            {
                "origin": "ARN",
                "destination": "LHR",
                "departure_date": "2026-12-01",
                "passengers": [{"passenger_id": 1}],
            },
            request_only=True,
        )
    ],
    refusals=(
        *(ValidationError, UnknownPassengerType, PassengerTwice, SeatTwice),
        *(*BY_RULES, SeatUnavailable, BookingUnavailable),
    ),
)
QUOTE_CANCELATION = operation(
    operation_id="quote_cancelation",
    summary="What a cancelation would give back, and why",
    description="For booking, which knows the reservation. It has no effect.",
    takes=CancelationQuoteRequest,
    gives=CancelationQuote,
    refusals=(ValidationError, NoConditions, CancelationNotAllowed),
)
QUOTE_CHANGE = operation(
    operation_id="quote_change",
    summary="What another departure would cost, and why",
    description="For booking, which knows the reservation. It has no effect.",
    takes=ChangeQuoteRequest,
    gives=ChangeQuote,
    refusals=(ValidationError, NoConditions, ChangeNotAllowed, *BY_RULES),
)
