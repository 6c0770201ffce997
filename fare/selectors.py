"""Reads."""

from collections import defaultdict
from datetime import date
from functools import lru_cache
from typing import Any, Final, cast

from django.db.models import QuerySet

from fare import rules
from fare.models import (
    Airport,
    Blackout,
    Fare,
    Levy,
    Quote,
    SeatCharge,
    conditions_of,
    discounts_of,
)
from fare.rules import Period, Rules


def quotes() -> QuerySet[Quote]:
    """What was quoted."""
    return Quote.objects.all()


def rules_for(*, origin: str, destination: str, cabin: str, day: date) -> Rules:
    """What pricing has to know about a market in a cabin, for departures on a date: five queries,
    which cost the same however many fares other markets have. A market may have hundreds, so that
    they are read as plain values."""
    ends = [origin, destination]
    airports = Airport.objects.in_bulk(ends)
    countries = {code: airport.country for code, airport in airports.items()}
    places = ["", *ends, *countries.values()]
    return Rules(
        fares=_fares(origin, destination, cabin, day),
        levies=[_levy(row) for row in Levy.objects.filter(place__in=places)],
        seat_charges=[_seat_charge(row) for row in SeatCharge.objects.filter(cabin=cabin)],
        countries=countries,
        currencies={code: airport.currency for code, airport in airports.items()},
    )


COLUMNS: Final = (
    *("id", "origin_id", "destination_id", "cabin"),
    *("basis", "family_id", "family__includes_seats", "booking_class", "amount", "currency"),
    *("child_discount", "infant_discount", "sale_from", "sale_to", "travel_from", "travel_to"),
    *("days", "advance_purchase_days", "authorization_level", "refundable"),
    *("cancel_before_allowed", "cancel_before_fee", "cancel_after_allowed", "cancel_after_fee"),
    *("change_before_allowed", "change_before_fee", "change_after_allowed", "change_after_fee"),
)


def _fares(origin: str, destination: str, cabin: str, day: date) -> list[rules.Fare]:
    """The fares of a market, each with those of its blackout dates that the day is in."""
    of_market = {"origin": origin, "destination": destination, "cabin": cabin}
    closed: dict[int, tuple[Period, ...]] = defaultdict(tuple)
    blackouts = Blackout.objects.filter(
        **{f"fare__{name}": value for name, value in of_market.items()},
        first__lte=day,
        last__gte=day,
    )
    for fare, first, last in blackouts.values_list("fare", "first", "last"):
        closed[fare] += (Period(first=first, last=last),)
    rows = Fare.objects.filter(**of_market).values_list(*COLUMNS)
    return [_fare(row, closed[row[0]]) for row in rows]


@lru_cache(maxsize=10_000)
def _fare(values: tuple[Any, ...], blackouts: tuple[Period, ...]) -> rules.Fare:
    """A fare of these columns: made once, as most of what reading a fare costs is making it, and
    the same columns always make the same."""
    row = dict(zip(COLUMNS, values, strict=True))
    return rules.Fare(
        origin=row["origin_id"],
        destination=row["destination_id"],
        cabin=row["cabin"],
        basis=row["basis"],
        family=row["family_id"],
        includes_seats=row["family__includes_seats"],
        booking_class=row["booking_class"],
        amount=row["amount"],
        currency=row["currency"],
        discounts=discounts_of(row),
        sale=Period(first=row["sale_from"], last=row["sale_to"]),
        travel=Period(first=row["travel_from"], last=row["travel_to"]),
        days=row["days"],
        blackouts=blackouts,
        advance_purchase_days=row["advance_purchase_days"],
        authorization_level=row["authorization_level"],
        conditions=conditions_of(row),
    )


def _levy(row: Levy) -> rules.Levy:
    return rules.Levy(
        kind=cast("rules.Kind", row.kind),
        code=row.code,
        place=row.place,
        at=cast("rules.At", row.at),
        cabin=row.cabin,
        amount=row.amount,
        currency=row.currency,
        exempt=row.exempt,
    )


def _seat_charge(row: SeatCharge) -> rules.SeatCharge:
    return rules.SeatCharge(
        characteristic=row.characteristic,
        cabin=row.cabin,
        amount=row.amount,
        currency=row.currency,
    )
