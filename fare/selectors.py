"""Reads."""

from typing import cast

from django.db.models import QuerySet

from fare import rules
from fare.models import Airport, Fare, Levy, Quote, SeatCharge
from fare.rules import Period, Rules


def quotes() -> QuerySet[Quote]:
    """What was quoted."""
    return Quote.objects.all()


def rules_for(*, origin: str, destination: str, cabin: str) -> Rules:
    """What pricing has to know about a market in a cabin: at most five queries, which cost the
    same however many fares other markets have."""
    fares = Fare.objects.filter(origin=origin, destination=destination, cabin=cabin)
    ends = [origin, destination]
    airports = Airport.objects.in_bulk(ends)
    countries = {code: airport.country for code, airport in airports.items()}
    places = ["", *ends, *countries.values()]
    return Rules(
        fares=[_fare(row) for row in _with_all(fares)],
        levies=[_levy(row) for row in Levy.objects.filter(place__in=places)],
        seat_charges=[_seat_charge(row) for row in SeatCharge.objects.filter(cabin=cabin)],
        countries=countries,
        currencies={code: airport.currency for code, airport in airports.items()},
    )


def _with_all(fares: QuerySet[Fare]) -> QuerySet[Fare]:
    """With what their rules are read from."""
    return fares.select_related("family").prefetch_related("blackouts")


def _fare(row: Fare) -> rules.Fare:
    return rules.Fare(
        basis=row.basis,
        family=row.family_id,
        includes_seats=row.family.includes_seats,
        origin=row.origin_id,
        destination=row.destination_id,
        cabin=row.cabin,
        booking_class=row.booking_class,
        amount=row.amount,
        currency=row.currency,
        discounts=row.discounts,
        sale=Period(first=row.sale_from, last=row.sale_to),
        travel=Period(first=row.travel_from, last=row.travel_to),
        days=row.days,
        blackouts=tuple(Period(first=one.first, last=one.last) for one in row.blackouts.all()),
        advance_purchase_days=row.advance_purchase_days,
        authorization_level=row.authorization_level,
        conditions=row.conditions,
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
