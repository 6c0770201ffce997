"""Planning departures and keeping the horizon."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db.models import Max, Min
from pytest_django import Settings

from booking import planning
from booking.models import Departure, Flight, SchedulePeriod, Seat
from tests.booking import factories
from tests.threads import at_once, results

pytestmark = pytest.mark.django_db

NOW = datetime(2040, 1, 10, 12, 0, tzinfo=UTC)
LATE_EVENING = datetime(2040, 1, 10, 23, 30, tzinfo=UTC)


def small_flight(number: int = 1001, **facts: Any) -> Flight:
    """Two seats, so that planning is quick."""
    return factories.flight(number, seat_rows=1, seat_letters="A C", **facts)


def plan(days: int, now: datetime = NOW) -> int:
    return sum(planned.departures for planned in planning.plan_departures(now=now, days=days))


def planned_dates(flight: Flight) -> tuple[date, date, int]:
    """The first date, the last, and how many."""
    dates = flight.departures.aggregate(first=Min("date"), last=Max("date"))
    return dates["first"], dates["last"], flight.departures.count()


def test_each_day_gets_an_open_departure_with_every_seat_free() -> None:
    flight = small_flight()
    assert plan(3) == 3
    assert [(d.date.day, d.status) for d in flight.departures.order_by("date")] == [
        (10, Departure.Status.OPEN),
        (11, Departure.Status.OPEN),
        (12, Departure.Status.OPEN),
    ]
    for departure in flight.departures.all():
        seats = departure.seats.order_by("number").values_list("number", "cabin", "status")
        assert list(seats) == [("1A", "ECONOMY", "FREE"), ("1C", "ECONOMY", "FREE")]


def test_departures_leave_and_arrive_at_the_local_times_with_the_periods_aircraft() -> None:
    flight = small_flight()
    plan(1)
    departure = flight.departures.get()
    assert departure.departs_at == datetime(2040, 1, 10, 6, 40, tzinfo=UTC)
    assert departure.arrives_at == datetime(2040, 1, 10, 9, 25, tzinfo=UTC)
    assert departure.aircraft_type == flight.periods.get().aircraft_type


def test_every_cabin_is_there_and_blocked_seats_are_blocked_from_the_start() -> None:
    flight = small_flight(list_prices={"ECONOMY": 1, "BUSINESS": 2})
    aircraft = flight.periods.get().aircraft_type
    aircraft.layouts.create(
        cabin="BUSINESS", first_row=2, last_row=2, letters="A C", blocked_seats=["2C"]
    )
    plan(2)
    for departure in flight.departures.all():
        seats = departure.seats.order_by("number").values_list("number", "cabin", "status")
        assert list(seats) == [
            ("1A", "ECONOMY", "FREE"),
            ("1C", "ECONOMY", "FREE"),
            ("2A", "BUSINESS", "FREE"),
            ("2C", "BUSINESS", "BLOCKED"),
        ]


def test_planning_again_makes_nothing() -> None:
    small_flight()
    plan(2)
    assert plan(2) == 0
    assert plan(1) == 0
    assert (Departure.objects.count(), Seat.objects.count()) == (2, 4)


def test_planning_further_makes_only_what_is_missing() -> None:
    small_flight()
    plan(2)
    assert plan(5) == 3
    assert (Departure.objects.count(), Seat.objects.count()) == (5, 10)


def test_planning_again_leaves_what_was_changed_by_then() -> None:
    flight = small_flight()
    plan(1)
    flight.departures.update(status=Departure.Status.CLOSED)
    Seat.objects.filter(number="1A").update(status=Seat.Status.BLOCKED)
    flight.periods.update(planned_until=None)  # as loading the fixture again does
    assert plan(1) == 0
    assert flight.departures.get().status == Departure.Status.CLOSED
    assert Seat.objects.get(number="1A").status == Seat.Status.BLOCKED


def test_the_first_departure_is_on_the_local_date_of_the_origin() -> None:
    small_flight(1001)
    small_flight(1006, zone="America/New_York")
    plan(1, LATE_EVENING)  # tomorrow in Stockholm, today in New York
    days = Departure.objects.order_by("flight__number").values_list("flight__number", "date")
    assert list(days) == [(1001, date(2040, 1, 11)), (1006, date(2040, 1, 10))]


def test_only_days_of_operation_within_the_validity_are_planned() -> None:
    flight = small_flight()
    flight.periods.update(days="67", valid_from=date(2040, 1, 15), valid_to=date(2040, 1, 22))
    assert plan(30) == 3
    assert planned_dates(flight) == (date(2040, 1, 15), date(2040, 1, 22), 3)
    assert plan(30) == 0


def test_a_period_that_is_over_or_begins_after_the_horizon_is_left_alone() -> None:
    over, later = small_flight(1), small_flight(2)
    over.periods.update(valid_to=date(2040, 1, 9))
    later.periods.update(valid_from=date(2040, 1, 12))
    assert plan(2) == 0
    assert set(SchedulePeriod.objects.values_list("planned_until", flat=True)) == {None}
    assert plan(3) == 1


def test_each_period_of_a_flight_has_its_own_time_and_aircraft() -> None:
    flight = small_flight()
    flight.periods.update(days="12345")
    larger = factories.aircraft_type(rows=3, letters="A C", code="321")
    factories.period(flight, days="67", departure_time=time(10, 0), aircraft_type=larger)
    assert plan(7) == 7
    times = {
        d.date.isoweekday(): (d.departs_at.hour, d.seats.count()) for d in flight.departures.all()
    }
    assert times == {**dict.fromkeys((1, 2, 3, 4, 5), (6, 2)), **dict.fromkeys((6, 7), (9, 6))}


def test_a_date_that_has_a_departure_keeps_it() -> None:
    """Whoever made it: an operator's mistake in the schedule doubles no departure."""
    flight = small_flight()
    plan(3)
    factories.period(flight, valid_from=date(2030, 1, 1), departure_time=time(9, 0))
    assert plan(3) == 0
    assert {d.departs_at.hour for d in flight.departures.all()} == {6}


def test_long_horizons_are_planned_in_units() -> None:
    flight = small_flight()
    units = list(planning.plan_departures(now=NOW, days=150))
    assert [unit.departures for unit in units] == [60, 60, 30]
    assert planned_dates(flight)[2] == 150


def test_after_a_long_rest_planning_goes_on_from_today() -> None:
    flight = small_flight()
    plan(2)
    assert plan(2, NOW + timedelta(days=10)) == 2
    assert flight.departures.filter(date__gt=date(2040, 1, 11)).count() == 2


# The horizon


def keep(now: datetime = NOW) -> int:
    """How often something was due."""
    calls = 0
    while planning.keep_horizon(now=now):
        calls += 1
    return calls


def test_the_horizon_moves_on_by_a_day_at_each_local_midnight(settings: Settings) -> None:
    settings.HORIZON_DAYS = 3
    stockholm, new_york = small_flight(1001), small_flight(1006, zone="America/New_York")
    assert keep() == 2
    assert keep() == 0
    assert keep(LATE_EVENING) == 1
    assert planned_dates(stockholm)[1:] == (date(2040, 1, 13), 4)
    assert planned_dates(new_york)[1:] == (date(2040, 1, 12), 3)


def test_a_call_makes_no_more_than_one_unit(settings: Settings) -> None:
    settings.HORIZON_DAYS = 330
    small_flight(1)
    small_flight(2)
    assert planning.keep_horizon(now=NOW)
    assert Departure.objects.count() == planning.DATES_PER_UNIT


def test_a_call_that_finds_nothing_due_costs_two_reads(
    settings: Settings, django_assert_num_queries: Any
) -> None:
    settings.HORIZON_DAYS = 3
    small_flight()
    keep()
    with django_assert_num_queries(2):
        assert not planning.keep_horizon(now=NOW)


# Several at once


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_departures_planned_by_several_at_once_are_there_once() -> None:
    flights = [small_flight(number) for number in range(1, 9)]
    made = results(at_once([partial(plan, 100)] * 4))
    assert sum(made) == 800
    assert {flight.departures.count() for flight in flights} == {100}
    assert Seat.objects.count() == 1600


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_who_plans_what_is_being_planned_waits_and_makes_nothing() -> None:
    small_flight()
    period = SchedulePeriod.objects.get()
    units = [partial(planning._plan_unit, period.pk, NOW, 20)] * 3
    made = sorted(unit.departures for unit in results(at_once(units)))
    assert made == [0, 0, 20]
    assert (Departure.objects.count(), Seat.objects.count()) == (20, 40)


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_two_periods_on_the_same_dates_planned_at_once_make_each_departure_once() -> None:
    """Nothing in the rows of the periods holds them apart: the unique date of the flight does."""
    flight = small_flight()
    factories.period(
        flight, valid_from=date(2030, 1, 1), aircraft_type=flight.periods.get().aircraft_type
    )
    units = [
        partial(planning._plan_unit, pk, NOW, 20)
        for pk in SchedulePeriod.objects.values_list("pk", flat=True)
    ]
    assert sum(unit.departures for unit in results(at_once(units))) == 20
    assert (Departure.objects.count(), Seat.objects.count()) == (20, 40)
