"""Reads."""

from collections import defaultdict
from datetime import date
from functools import cache, lru_cache
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
from outbox.prepared import Rows, Select, argument, arguments, numbered


def quotes() -> QuerySet[Quote]:
    """What was quoted."""
    return Quote.objects.all()


def rules_for(*, origin: str, destination: str, cabin: str, day: date) -> Rules:
    """What pricing has to know about a market in a cabin, for departures on a date: five queries,
    which cost the same however many fares other markets have. A market may have hundreds, so that
    they are read as plain values."""
    ends = [origin, destination]
    airports = {one.pk: one for one in _airports().all(**numbered("pk", ends))}
    countries = {code: airport.country for code, airport in airports.items()}
    places = ["", *ends, *countries.values()]
    return Rules(
        fares=_fares(day, origin=origin, destination=destination, cabin=cabin),
        levies=[_levy(row) for row in _levies(len(places)).all(**numbered("place", places))],
        seat_charges=[_seat_charge(row) for row in _seat_charges().all(cabin=cabin)],
        countries=countries,
        currencies={code: airport.currency for code, airport in airports.items()},
    )


@cache
def _airports() -> Select[Airport]:
    return Select(Airport.objects.filter(pk__in=arguments(Airport, "pk", 2)))


@cache
def _levies(places: int) -> Select[Levy]:
    return Select(Levy.objects.filter(place__in=arguments(Levy, "place", places)))


@cache
def _seat_charges() -> Select[SeatCharge]:
    return Select(SeatCharge.objects.filter(cabin=argument(SeatCharge, "cabin")))


MARKET: Final = ("origin", "destination", "cabin")
COLUMNS: Final = (
    *("id", "origin_id", "destination_id", "cabin"),
    *("basis", "family_id", "family__includes_seats", "booking_class", "amount", "currency"),
    *("child_discount", "infant_discount", "sale_from", "sale_to", "travel_from", "travel_to"),
    *("days", "advance_purchase_days", "authorization_level", "refundable"),
    *("cancel_before_allowed", "cancel_before_fee", "cancel_after_allowed", "cancel_after_fee"),
    *("change_before_allowed", "change_before_fee", "change_after_allowed", "change_after_fee"),
)


def _fares(day: date, **market: str) -> list[rules.Fare]:
    """The fares of a market, each with those of its blackout dates that the day is in."""
    closed: dict[int, tuple[Period, ...]] = defaultdict(tuple)
    for fare, first, last in _blackouts().all(first=day, last=day, **market):
        closed[fare] += (Period(first=first, last=last),)
    return [_fare(tuple(row), closed[row[0]]) for row in _of_market().all(**market)]


@cache
def _blackouts() -> Rows:
    """Those of a market's fares that a day is in."""
    of_market: dict[str, Any] = {f"fare__{name}": argument(Fare, name) for name in MARKET}
    that_day = {
        "first__lte": argument(Blackout, "first"),
        "last__gte": argument(Blackout, "last"),
    }
    found = Blackout.objects.filter(**of_market, **that_day)
    return Rows(found.values_list("fare", "first", "last"))


@cache
def _of_market() -> Rows:
    of_market: dict[str, Any] = {name: argument(Fare, name) for name in MARKET}
    return Rows(Fare.objects.filter(**of_market).values_list(*COLUMNS))


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
