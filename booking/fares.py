"""Fare, asked over HTTP what a cancelation or a change would come to, while a customer waits.

Nothing is asked again: the customer does so. Fare's refusals are passed on by their names.
"""

import logging
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from django.conf import settings
from rest_framework.exceptions import APIException, NotFound
from urllib3 import HTTPConnectionPool, Timeout, connection_from_url
from urllib3.exceptions import HTTPError

from contracts.callers import vouch_for_service
from contracts.quotes import (
    CancelationQuote,
    CancelationQuoteRequest,
    ChangeQuote,
    ChangeQuoteRequest,
)
from outbox.tracing import traceparent

logger = logging.getLogger(__name__)

T = TypeVar("T")

LARGEST_ANSWER_BYTES: Final = 2**18
# Kept open between requests, per worker process; more are opened while more are needed.
CONNECTIONS: Final = 8
TYPE_PREFIX: Final = "urn:problem-type:airline:"


class FareUnavailable(APIException):
    """Fare, which knows what it comes to, gave no usable answer in time."""

    status_code = 503
    default_code = "fare-unavailable"
    default_detail = "What it comes to cannot be had just now; try again shortly."
    wait = 2


class FareRefused(APIException):
    """The conditions or the rules of the fares do not allow it."""

    status_code = 409


class NoConditions(FareRefused):
    """The price is no fare's, and has no conditions."""

    default_code = "no-conditions"


class CancelationNotAllowed(FareRefused):
    """The fare cannot be canceled at that moment."""

    default_code = "cancelation-not-allowed"


class ChangeNotAllowed(FareRefused):
    """The fare cannot be changed at that moment."""

    default_code = "change-not-allowed"


class NoFare(NotFound):
    """There is no fare of that family for the wanted departure."""

    default_code = "no-fare"


class CurrencyMismatch(FareRefused):
    """No fare is sold in that currency."""

    default_code = "currency-mismatch"


class PassengerTypeRefused(FareRefused):
    """No fare is sold for everybody in the party."""

    default_code = "passenger-type-refused"


class NotOnSale(FareRefused):
    """The fares are not sold on this date."""

    default_code = "not-on-sale"


class TravelDates(FareRefused):
    """The fares are for other dates of departure."""

    default_code = "travel-dates"


class DayOfWeek(FareRefused):
    """The fares are for other days of the week."""

    default_code = "day-of-week"


class BlackoutDate(FareRefused):
    """The fares are not sold for departures on this date."""

    default_code = "blackout-date"


class AdvancePurchase(FareRefused):
    """It is too late to buy: the fares are sold longer before the departure."""

    default_code = "advance-purchase"


class ClassClosed(FareRefused):
    """As many seats of the booking class are sold as may be."""

    default_code = "class-closed"


class NothingToPay(FareRefused):
    """All in all it costs nothing, which cannot be sold."""

    default_code = "nothing-to-pay"


RULES: Final[tuple[type[APIException], ...]] = (
    *(NoFare, CurrencyMismatch, PassengerTypeRefused, NotOnSale, TravelDates, DayOfWeek),
    *(BlackoutDate, AdvancePurchase, ClassClosed, NothingToPay),
)
DENIALS: Final[tuple[type[APIException], ...]] = (
    NoConditions,
    CancelationNotAllowed,
    ChangeNotAllowed,
)
REFUSALS: Final[Mapping[tuple[int, str], type[APIException]]] = {
    (refusal.status_code, f"{TYPE_PREFIX}{refusal.default_code}"): refusal
    for refusal in (*DENIALS, *RULES)
}


class Problem(msgspec.Struct, frozen=True):
    """What fare refuses with."""

    type: str
    detail: str = ""


def cancelation_quote(asked: CancelationQuoteRequest) -> CancelationQuote:
    """What a cancelation would give back.

    Raises:
        NoConditions, CancelationNotAllowed: it cannot be canceled by its conditions.
        FareUnavailable: fare cannot be reached, or gives no usable answer in time.
    """
    return _ask("/api/cancelation-quotes", asked, CancelationQuote)


def change_quote(asked: ChangeQuoteRequest) -> ChangeQuote:
    """What another departure would cost.

    Raises:
        NoConditions, ChangeNotAllowed: it cannot be changed by its conditions.
        NoFare, FareRefused: no fare of its family is sold for the wanted departure.
        FareUnavailable: fare cannot be reached, or gives no usable answer in time.
    """
    return _ask("/api/change-quotes", asked, ChangeQuote)


def _ask(path: str, asked: msgspec.Struct, of_type: type[T]) -> T:
    try:
        status, body = _post(path, msgspec.json.encode(asked))
        if status == 200:
            return msgspec.json.decode(body, type=of_type)
        problem = msgspec.json.decode(body, type=Problem)
    except (HTTPError, msgspec.DecodeError) as error:
        raise _unavailable(f"{type(error).__name__}: {error}") from error
    refusal = REFUSALS.get((status, problem.type))
    raise refusal(problem.detail) if refusal else _unavailable(f"it answered {status} to {path}")


def _post(path: str, body: bytes) -> tuple[int, bytes]:
    headers = {"Accept": "application/json", "Content-Type": "application/json", **_vouched()}
    if trace := traceparent():
        headers["traceparent"] = trace
    limit = settings.FARE_READ_MS / 1000
    deadline = time.monotonic() + limit
    connect = min(limit, settings.FARE_CONNECT_MS / 1000)
    options: Any = {"retries": False, "redirect": False, "preload_content": False}
    response = _pool(settings.FARE_URL).request(
        "POST",
        path,
        body=body,
        headers=headers,
        timeout=Timeout(connect=connect, read=limit),
        **options,
    )
    answer = b""
    with response:
        # Each read has a time limit of its own: an answer in drops would have none.
        while part := response.read1():
            answer += part
            if time.monotonic() > deadline or len(answer) > LARGEST_ANSWER_BYTES:
                raise _unavailable(f"its answer to {path} does not end")
    return response.status, answer


def _vouched() -> dict[str, str]:
    """The header by which fare knows who asks."""
    keys = settings.INTERNAL_KEYS
    return vouch_for_service(by=settings.SERVICE, to="fare", keys=keys, at=time.time())


@cache
def _pool(url: str) -> HTTPConnectionPool:
    """Connections that stay open between requests."""
    return connection_from_url(url, maxsize=CONNECTIONS)


def _unavailable(reason: str) -> FareUnavailable:
    logger.warning("fare could not be asked: %s", reason)
    return FareUnavailable()
