"""Reads."""

from collections import defaultdict
from functools import lru_cache
from typing import Any, Final, cast
from uuid import UUID

from django.db.models import QuerySet

from fare import rules
from fare.models import (
    Airport,
    Blackout,
    Edition,
    Fare,
    Levy,
    Quote,
    SeatCharge,
    conditions_of,
    discounts_of,
)
from fare.rules import Period, Rules

# How many markets, each in a cabin, a process keeps the rules of; a fare takes about a kilobyte.
MARKETS: Final = 256


def quotes() -> QuerySet[Quote]:
    """What was quoted."""
    return Quote.objects.all()


def rules_for(*, origin: str, destination: str, cabin: str) -> Rules:
    """What pricing has to know about a market in a cabin, by the tariff in force: one query, unless
    this process has not priced the market since the tariff was changed."""
    market = {"origin": origin, "destination": destination, "cabin": cabin}
    if edition := Edition.current():
        return _kept(edition, **market)
    return _read(**market)


@lru_cache(maxsize=MARKETS)
def _kept(edition: UUID, **market: str) -> Rules:
    """The rules of a market in an edition, or in a later one that began while they were read."""
    return _read(**market)


def _read(*, origin: str, destination: str, cabin: str) -> Rules:
    """Five queries, which cost the same however many fares other markets have. A market may have
    hundreds, so that they are read as plain values."""
    ends = [origin, destination]
    airports = Airport.objects.in_bulk(ends)
    countries = {code: airport.country for code, airport in airports.items()}
    places = ["", *ends, *countries.values()]
    return Rules(
        fares=_fares(origin=origin, destination=destination, cabin=cabin),
        levies=tuple(_levy(row) for row in Levy.objects.filter(place__in=places)),
        seat_charges=tuple(_seat_charge(row) for row in SeatCharge.objects.filter(cabin=cabin)),
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


def _fares(**market: str) -> tuple[rules.Fare, ...]:
    """The fares of a market, each with its blackout dates."""
    closed: dict[int, tuple[Period, ...]] = defaultdict(tuple)
    blackouts = Blackout.objects.filter(**{f"fare__{name}": end for name, end in market.items()})
    for fare, first, last in blackouts.order_by("first").values_list("fare", "first", "last"):
        closed[fare] += (Period(first=first, last=last),)
    rows = Fare.objects.filter(**market).values_list(*COLUMNS)
    return tuple(_fare(row, closed[row[0]]) for row in rows)


def _fare(values: tuple[Any, ...], blackouts: tuple[Period, ...]) -> rules.Fare:
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
