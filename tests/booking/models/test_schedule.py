"""Flights, their prices, and the times of their departures."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, transaction

from booking.models import Airport, Flight, SchedulePeriod
from booking.models.schedule import NoListPrice
from outbox.transactions import LostRace
from tests.booking import factories


def flight(zone: str = "Europe/Stockholm", **facts: Any) -> Flight:
    origin = Airport(code="ARN", zone=zone)
    return Flight(carrier="ZQ", number=1001, origin=origin, destination_id="LHR", **facts)


def period(zone: str = "Europe/Stockholm", **facts: Any) -> SchedulePeriod:
    defaults = {
        "valid_from": date(2025, 1, 1),
        "days": "1234567",
        "departure_time": time(7, 40),
        "duration_minutes": 165,
    }
    return SchedulePeriod(flight=flight(zone), **{**defaults, **facts})


# Times


def test_a_flight_leaves_at_its_local_time_in_winter_and_in_summer() -> None:
    daily = period()
    assert daily.departs_at(date(2040, 1, 10)) == datetime(2040, 1, 10, 6, 40, tzinfo=UTC)
    assert daily.departs_at(date(2040, 7, 10)) == datetime(2040, 7, 10, 5, 40, tzinfo=UTC)


def test_an_evening_flight_may_leave_on_the_next_day_in_utc() -> None:
    evening = period("America/New_York", departure_time=time(20, 0))
    assert evening.departs_at(date(2040, 1, 10)) == datetime(2040, 1, 11, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "hours"),
    [
        pytest.param(date(2027, 3, 27), 23, id="clocks go forward"),
        pytest.param(date(2027, 10, 30), 25, id="clocks go back"),
    ],
)
def test_the_night_the_clocks_change_is_shorter_or_longer(before: date, hours: int) -> None:
    daily = period()
    first, second = (daily.departs_at(before + timedelta(days=day)) for day in (0, 1))
    assert second - first == timedelta(hours=hours)


def test_who_flies_through_the_change_of_the_clocks_arrives_after_the_same_time_in_the_air() -> (
    None
):
    night = period(departure_time=time(23, 30), duration_minutes=240)
    before = date(2027, 3, 27)
    assert night.arrives_at(before) - night.departs_at(before) == timedelta(hours=4)


# Dates


def test_departures_are_on_the_days_of_operation_within_the_validity() -> None:
    weekdays = period(days="135", valid_from=date(2040, 1, 4), valid_to=date(2040, 1, 13))
    found = weekdays.dates(date(2040, 1, 1), date(2040, 1, 31))
    assert [(day.day, f"{day:%a}") for day in found] == [
        (4, "Wed"),
        (6, "Fri"),
        (9, "Mon"),
        (11, "Wed"),
        (13, "Fri"),
    ]


def test_without_an_end_a_period_is_flown_until_further_notice() -> None:
    assert period().flies_on(date(2099, 12, 31))
    assert not period().flies_on(date(2024, 12, 31))


@pytest.mark.parametrize(
    ("other", "clashes"),
    [
        ({}, True),
        ({"days": "67"}, False),
        ({"days": "56"}, True),
        ({"valid_from": date(2025, 3, 1)}, False),
        ({"valid_from": date(2025, 2, 28)}, True),
        ({"valid_from": date(2025, 2, 27), "days": "4"}, True),
        ({"valid_from": date(2025, 2, 28), "days": "4"}, False),
        ({"valid_to": date(2025, 1, 1)}, True),
        ({"valid_from": date(2024, 1, 1), "valid_to": date(2024, 12, 31)}, False),
    ],
)
def test_two_periods_clash_when_a_date_is_in_both(other: dict[str, Any], clashes: bool) -> None:
    weekdays = period(days="12345", valid_to=date(2025, 2, 28))
    assert weekdays.clashes_with(period(**other)) is clashes
    assert period(**other).clashes_with(weekdays) is clashes


def test_periods_at_the_end_of_time_are_compared_like_any() -> None:
    last = period(valid_from=date.max)
    assert last.clashes_with(period())


# What is refused


@pytest.mark.django_db
@pytest.mark.parametrize(
    "facts",
    [
        {"days": ""},
        {"days": "8"},
        {"days": "21"},
        {"days": "11"},
        {"days": "1 3"},
        {"valid_to": date(2024, 1, 1)},
        {"duration_minutes": 0},
        {"duration_minutes": 1441},
    ],
)
def test_a_period_that_cannot_be_flown_is_refused(facts: dict[str, Any]) -> None:
    daily = factories.flight().periods.get()
    for name, value in facts.items():
        setattr(daily, name, value)
    with pytest.raises(ValidationError):
        daily.full_clean()


@pytest.mark.django_db
def test_a_period_on_dates_that_have_a_departure_is_refused() -> None:
    daily = factories.flight().periods.get()
    daily.full_clean()
    again = SchedulePeriod(
        flight=daily.flight,
        valid_from=date(2030, 1, 1),
        days="1",
        departure_time=time(9, 0),
        duration_minutes=165,
        aircraft_type=daily.aircraft_type,
    )
    with pytest.raises(ValidationError, match="same dates"):
        again.full_clean()


@pytest.mark.django_db
def test_a_period_with_a_cabin_that_has_no_price_is_refused() -> None:
    daily = factories.flight(list_prices={"BUSINESS": 40000}).periods.get()
    with pytest.raises(ValidationError, match="no list price for ECONOMY"):
        daily.full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "prices",
    [
        {},
        [],
        12900,
        {"ATTIC": 1},
        {"ECONOMY": 0},
        {"ECONOMY": -1},
        {"ECONOMY": 129.0},
        {"ECONOMY": "12900"},
        {"ECONOMY": True},
        {"ECONOMY": 2**53},
    ],
)
def test_a_list_price_is_a_whole_number_for_a_cabin(prices: Any) -> None:
    priced = factories.flight()
    priced.list_prices = prices
    with pytest.raises(ValidationError) as refusal:
        priced.full_clean()
    assert set(refusal.value.message_dict) == {"list_prices"}


def test_the_price_of_a_cabin_that_has_none_is_not_made_up() -> None:
    assert flight(list_prices={"ECONOMY": 12900}).list_price("ECONOMY") == 12900
    with pytest.raises(NoListPrice, match="ZQ1001 ARN-LHR has no list price for BUSINESS"):
        flight(list_prices={"ECONOMY": 12900}).list_price("BUSINESS")


@pytest.mark.django_db
def test_the_database_refuses_a_flight_to_where_it_starts() -> None:
    here = factories.airport()
    # MariaDB reports a broken CHECK as error 4025, which Django hands on as OperationalError.
    with pytest.raises((IntegrityError, OperationalError)), transaction.atomic():
        factories.flight(origin=here, destination=here)


@pytest.mark.django_db
def test_of_two_that_have_planned_the_same_dates_one_is_told() -> None:
    daily = factories.flight().periods.get()
    late = SchedulePeriod.objects.get(pk=daily.pk)
    daily.mark_planned(date(2040, 1, 31))
    with pytest.raises(LostRace):
        late.mark_planned(date(2040, 1, 31))


@pytest.mark.django_db
def test_a_flight_has_the_places_of_all_its_aircraft() -> None:
    small = factories.flight(seat_rows=2, seat_letters="A C")
    larger = factories.aircraft_type(rows=3, letters="A C", code="321")
    factories.period(small, valid_from=date(2024, 1, 1), days="1", aircraft_type=larger)
    assert set(small.places()) == {"1A", "1C", "2A", "2C", "3A", "3C"}


@pytest.mark.django_db
def test_the_price_of_a_cabin_that_is_flown_is_not_taken_away() -> None:
    flight = factories.flight()
    flight.full_clean()
    flight.list_prices = {"BUSINESS": 45900}
    with pytest.raises(ValidationError, match="price for ECONOMY, which is flown"):
        flight.full_clean()
