"""A statement made once does what the queryset does that it was made of."""

from datetime import date
from typing import Any

import pytest
from django.db import models
from django.db.models import Count, F, Max
from uuid_utils.compat import uuid7

from booking.models import Departure, Seat
from outbox.prepared import Argument, Rows, Select, Update
from tests.booking import factories

pytestmark = pytest.mark.django_db

NUMBER = Argument("number", models.CharField())
LATER = Argument("later", models.DateTimeField())


@pytest.fixture
def departure() -> Departure:
    flight = factories.flight()
    factories.departure(flight, in_days=2, seats=["1A"])
    return factories.departure(flight, in_days=1, seats=["1A", "1B"])


def test_it_finds_what_the_queryset_finds(departure: Departure) -> None:
    seats = Seat.objects.filter(departure__departs_at__gt=LATER, number=NUMBER)
    soonest = Select(
        seats.select_related("departure__flight__origin").order_by("departure__departs_at")[:1]
    )
    assert soonest.first(later=factories.NOW, number="1A") == departure.seats.get(number="1A")
    assert soonest.first(later=factories.NOW, number="1B") == departure.seats.get(number="1B")
    assert soonest.first(later=departure.departs_at, number="1B") is None


def test_it_finds_all_that_the_queryset_finds(departure: Departure) -> None:
    seats = Seat.objects.filter(departure__departs_at__gt=LATER).order_by("-departure", "number")
    found = Select(seats).all(later=factories.NOW)
    assert found == list(Seat.objects.order_by("-departure", "number"))
    assert Select(seats).all(later=departure.departs_at) == [found[-1]]


def test_rows_are_those_of_the_queryset_and_converted_as_its_own(departure: Departure) -> None:
    seats = Seat.objects.filter(departure__departs_at__gt=LATER).values("departure__flight")
    counted = seats.annotate(seats=Count("pk"), last=Max("departure__departs_at"))
    rows = counted.values_list("departure__flight", "seats", "last")
    last = Departure.objects.latest("departs_at").departs_at
    expected = [(departure.flight_id, 3, last)]
    assert [tuple(row) for row in Rows(rows).all(later=factories.NOW)] == expected
    assert Rows(rows).all(later=last) == []


def test_an_instance_is_whole_and_its_relations_cost_nothing(
    departure: Departure, django_assert_num_queries: Any
) -> None:
    expected = departure.seats.select_related("departure__flight__origin").get(number="1A")
    seats = Seat.objects.filter(number=NUMBER, departure__date=Argument("day", models.DateField()))
    with django_assert_num_queries(1):
        found = Select(seats.select_related("departure__flight__origin")).first(
            number="1A", day=departure.date
        )
        assert found is not None
        assert _facts(found) == _facts(expected)
        assert _facts(found.departure) == _facts(expected.departure)
        assert _facts(found.departure.flight) == _facts(expected.departure.flight)
        assert found.departure.flight.origin.zone == "Europe/Stockholm"


def _facts(instance: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.fields}


def test_an_update_changes_what_its_conditions_allow_and_says_how_many(
    departure: Departure,
) -> None:
    owner = uuid7()
    seats = Seat.objects.filter(
        departure=Argument("departure", models.BigIntegerField()),
        number__in=[NUMBER, Argument("other", models.CharField())],
        status=Seat.Status.FREE,
    )
    hold = Update(seats, status=Seat.Status.HELD, reservation=Argument("owner", models.UUIDField()))
    asked = {"departure": departure.pk, "owner": owner}
    assert hold.run(number="1A", other="9K", **asked) == 1
    assert hold.run(number="1A", other="1B", **asked) == 1
    assert set(departure.seats.values_list("status", "reservation_id")) == {("HELD", owner)}
    assert Seat.objects.exclude(departure=departure).get().status == Seat.Status.FREE


def test_a_date_is_compared_as_one(departure: Departure) -> None:
    day = Argument("day", models.DateField())
    on = Select(Departure.objects.filter(date=day, arrives_at__gt=F("departs_at")))
    assert on.first(day=departure.date) == departure
    assert on.first(day=date(2039, 1, 1)) is None
