"""Things that tests of fare start from."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.booking import FareQuoteRequested
from contracts.values import (
    Conditions,
    Itinerary,
    Passenger,
    PassengerType,
    Penalty,
    Price,
    PriceLine,
    Seat,
)
from fare import models, rules
from fare.rules import Period, Request, Rules

NOW: Final = datetime(2040, 1, 2, 12, 0, tzinfo=UTC)
# A Tuesday, 7 days and 18 hours 40 minutes after NOW.
DEPARTS_AT: Final = datetime(2040, 1, 10, 6, 40, tzinfo=UTC)
ARRIVES_AT: Final = datetime(2040, 1, 10, 9, 25, tzinfo=UTC)
DAY: Final = date(2040, 1, 10)

# Values


def conditions(**changes: Any) -> Conditions:
    """Not refundable; canceled free and changed for 60.00 before the departure, never after it."""
    return Conditions(
        **{
            "refundable": False,
            "cancel_before_departure": Penalty(allowed=True),
            "cancel_after_departure": Penalty(allowed=False),
            "change_before_departure": Penalty(allowed=True, fee=6000),
            "change_after_departure": Penalty(allowed=False),
            **changes,
        }
    )


def fare(basis: str = "KLIGHT", **changes: Any) -> rules.Fare:
    """A fare that is sold to everybody, always."""
    return rules.Fare(
        **{
            "basis": basis,
            "family": "LIGHT",
            "origin": "ARN",
            "destination": "LHR",
            "cabin": "ECONOMY",
            "booking_class": "K",
            "amount": 10000,
            "currency": "EUR",
            "discounts": {"CHILD": 25, "INFANT": 90},
            "sale": Period(first=date(2040, 1, 1)),
            "travel": Period(first=date(2040, 1, 1)),
            "authorization_level": 9,
            "conditions": conditions(),
            **changes,
        }
    )


def levy(code: str = "GB", amount: int = 1500, **changes: Any) -> rules.Levy:
    """A tax on whoever leaves ARN."""
    return rules.Levy(
        **{
            "kind": "TAX",
            "code": code,
            "place": "ARN",
            "amount": amount,
            "currency": "EUR",
            **changes,
        }
    )


def seat_charge(characteristic: str = "WINDOW", amount: int = 900) -> rules.SeatCharge:
    """What a seat in economy costs."""
    return rules.SeatCharge(
        characteristic=characteristic, cabin="ECONOMY", amount=amount, currency="EUR"
    )


def tariff(*fares: rules.Fare, **more: Any) -> Rules:
    """These fares, and nothing else to pay."""
    countries, currencies = {"ARN": "SE", "LHR": "GB"}, {"ARN": "EUR", "LHR": "EUR"}
    return Rules(fares=fares, **{"countries": countries, "currencies": currencies, **more})


def itinerary(**changes: Any) -> Itinerary:
    """ARN to LHR on a Tuesday."""
    return Itinerary(
        **{
            "carrier": "ZQ",
            "flight_number": 1001,
            "origin": "ARN",
            "destination": "LHR",
            "departure_date": DAY,
            "departs_at": DEPARTS_AT,
            "arrives_at": ARRIVES_AT,
            "origin_zone": "Europe/Stockholm",
            "destination_zone": "Europe/London",
            "cabin": "ECONOMY",
            **changes,
        }
    )


def party(*types: PassengerType) -> tuple[Passenger, ...]:
    """Passengers without chosen seats; an adult if not said."""
    everybody: tuple[PassengerType, ...] = types or ("ADULT",)
    return tuple(
        Passenger(passenger_id=number, type=one) for number, one in enumerate(everybody, 1)
    )


def seated(*characteristics: str) -> Passenger:
    """An adult who has chosen a seat like this."""
    seat = Seat(number="12A", characteristics=characteristics)
    return Passenger(passenger_id=1, type="ADULT", seat=seat)


def request(*types: PassengerType, **changes: Any) -> Request:
    """What is to be priced."""
    return Request(
        **{"asked_at": NOW, "itinerary": itinerary(), "passengers": party(*types), **changes}
    )


def line(kind: Any, code: str, amount: int) -> PriceLine:
    return PriceLine(kind=kind, code=code, amount=amount, passenger_id=1)


def price(*lines: PriceLine, **changes: Any) -> Price:
    """What was paid: 100.00 for the fare, 15.00 of tax and 6.00 of charges if not said."""
    made = lines or (
        line("BASE", "FARE", 10000),
        line("TAX", "GB", 1500),
        line("CHARGE", "YQ", 600),
    )
    return Price(
        **{
            "total": sum(one.amount for one in made),
            "currency": "EUR",
            "lines": made,
            "fare_basis": "KLIGHT",
            "fare_family": "LIGHT",
            "conditions": conditions(),
            **changes,
        }
    )


def requested(reservation_id: UUID | None = None, **changes: Any) -> FareQuoteRequested:
    """Booking's question."""
    return FareQuoteRequested(
        **{
            "reservation_id": reservation_id or uuid7(),
            "saga_id": uuid7(),
            "asked_at": NOW,
            "itinerary": itinerary(),
            "passengers": party(),
            "seats_sold": {},
            **changes,
        }
    )


# Rows


def airports(*codes: str) -> None:
    """Airports, in Sweden if ARN and else in Britain; both of them if not said."""
    for code in codes or ("ARN", "LHR"):
        country = "SE" if code == "ARN" else "GB"
        facts = {"country": country, "currency": "EUR"}
        models.Airport.objects.get_or_create(code=code, defaults=facts)


def family(code: str = "LIGHT", **facts: Any) -> models.FareFamily:
    """A fare family."""
    made, _ = models.FareFamily.objects.get_or_create(code=code, defaults={"name": code, **facts})
    return made


def stored_fare(basis: str = "KLIGHT", **changes: Any) -> models.Fare:
    """The row of a fare that is sold to everybody, always."""
    airports()
    return models.Fare.objects.create(
        **{
            "origin_id": "ARN",
            "destination_id": "LHR",
            "cabin": "ECONOMY",
            "booking_class": "K",
            "basis": basis,
            "family": family(),
            "amount": 10000,
            "currency": "EUR",
            "child_discount": 25,
            "infant_discount": 90,
            "sale_from": date(2020, 1, 1),
            "travel_from": date(2020, 1, 1),
            "authorization_level": 9,
            "cancel_before_allowed": True,
            "cancel_after_allowed": False,
            "change_before_allowed": True,
            "change_before_fee": 6000,
            "change_after_allowed": False,
            **changes,
        }
    )


def stored_levy(**changes: Any) -> models.Levy:
    """The row of a tax on whoever leaves ARN."""
    return models.Levy.objects.create(
        **{
            "kind": "TAX",
            "code": "WV",
            "name": "Passenger charge",
            "place": "ARN",
            "amount": 1500,
            "currency": "EUR",
            **changes,
        }
    )


def stored_seat_charge(characteristic: str = "WINDOW", amount: int = 900) -> models.SeatCharge:
    """The row of what a seat in economy costs."""
    return models.SeatCharge.objects.create(
        characteristic=characteristic, cabin="ECONOMY", amount=amount, currency="EUR"
    )
