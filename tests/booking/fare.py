"""A stand-in for fare: its real arithmetic, with one fare for every departure, asked directly or on
a real socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
import pytest
from pytest_django import Settings
from rest_framework.exceptions import APIException

from booking import fares
from contracts.quotes import (
    CancelationQuote,
    CancelationQuoteRequest,
    ChangeQuote,
    ChangeQuoteRequest,
)
from fare.pricing import Refused
from fare.rules import Fare as Sold
from fare.rules import Levy, Period, Request, Rules, SeatCharge
from fare.settlements import NotAllowed, cancelation_quote, change_quote
from tests.booking import factories
from tests.gateway.upstreams import Exchange, Script, Service

ALWAYS: Final = Period(first=date(2020, 1, 1))


@dataclass
class Fare:
    """What fare would say.

    Args:
        amount: what an adult pays on any departure, 15.00 of taxes and 14.00 of charges in it.
        asked: what it was asked.
    """

    amount: int = factories.PRICE
    level: int = 9

    def __post_init__(self) -> None:
        self.asked: list[msgspec.Struct] = []

    def cancelation(self, asked: CancelationQuoteRequest) -> CancelationQuote | NotAllowed:
        """What a cancelation gives back."""
        self.asked.append(asked)
        return cancelation_quote(
            price=asked.price,
            passengers=asked.passengers,
            departs_at=asked.departs_at,
            asked_at=asked.asked_at,
        )

    def change(self, asked: ChangeQuoteRequest) -> ChangeQuote | NotAllowed | Refused:
        """What another departure costs."""
        self.asked.append(asked)
        conditions = asked.price.conditions or factories.fare_price().conditions
        assert conditions is not None
        fare = Sold(
            origin=asked.itinerary.origin,
            destination=asked.itinerary.destination,
            basis="KLIGHT",
            family="LIGHT",
            cabin=asked.itinerary.cabin,
            booking_class="K",
            amount=self.amount - 2900,
            currency="EUR",
            discounts={"CHILD": 25, "INFANT": 90},
            sale=ALWAYS,
            travel=ALWAYS,
            authorization_level=self.level,
            conditions=conditions,
        )
        everywhere: dict[str, Any] = {"place": "", "currency": "EUR"}
        rules = Rules(
            fares=(fare,),
            levies=(
                Levy(kind="TAX", code="GB", amount=1500, **everywhere),
                Levy(kind="CHARGE", code="YQ", amount=1400, **everywhere),
            ),
            seat_charges=(
                SeatCharge(characteristic="WINDOW", cabin="ECONOMY", amount=900, currency="EUR"),
            ),
            countries={"ARN": "SE", "LHR": "GB"},
            currencies={"ARN": "EUR", "LHR": "EUR"},
        )
        request = Request(
            asked_at=asked.asked_at,
            itinerary=asked.itinerary,
            passengers=asked.passengers,
            seats_sold=asked.seats_sold,
        )
        return change_quote(
            price=asked.price, departs_at=asked.departs_at, request=request, rules=rules
        )


def asked_directly(fare: Fare, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have booking ask without a socket."""

    def answer(found: Any) -> Any:
        if isinstance(found, NotAllowed | Refused):
            code = found.denial if isinstance(found, NotAllowed) else found.rule
            raise refusal_of(code)(found.text)
        return found

    monkeypatch.setattr(fares, "cancelation_quote", lambda asked: answer(fare.cancelation(asked)))
    monkeypatch.setattr(fares, "change_quote", lambda asked: answer(fare.change(asked)))


def refusal_of(code: str) -> type[APIException]:
    """The exception for a rule's or a denial's code."""
    name = code.replace("_", "-")
    return next(one for one in fares.REFUSALS.values() if one.default_code == name)


def saying(fare: Fare) -> Script:
    """Answers as fare does, over HTTP."""
    asking: dict[str, tuple[type[msgspec.Struct], Any]] = {
        "/api/cancelation-quotes": (CancelationQuoteRequest, fare.cancelation),
        "/api/change-quotes": (ChangeQuoteRequest, fare.change),
    }

    def script(exchange: Exchange) -> None:
        while seen := exchange.request():
            kind, answer = asking[seen.target]
            found = answer(msgspec.json.decode(seen.body, type=kind))
            if isinstance(found, NotAllowed | Refused):
                code = found.denial if isinstance(found, NotAllowed) else found.rule
                refuse(exchange, refusal_of(code), found.text)
            else:
                exchange.answer(msgspec.json.encode(found))

    return script


def refuse(exchange: Exchange, refusal: type[APIException], detail: str) -> None:
    """Answer with a problem document."""
    problem = {"type": f"{fares.TYPE_PREFIX}{refusal.default_code}", "detail": detail}
    exchange.answer(msgspec.json.encode(problem), status=f"{refusal.status_code} No")


@contextmanager
def fare_at(script: Script, settings: Settings) -> Iterator[Service]:
    """A stand-in that booking is pointed at."""
    service = Service(script)
    settings.FARE_URL = service.url
    try:
        yield service
    finally:
        service.close()
