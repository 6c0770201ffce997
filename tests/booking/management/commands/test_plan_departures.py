"""Planning departures, by service and by command."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from booking.models import Departure, Flight, Seat
from booking.services import plan_departures
from tests.booking import factories

pytestmark = pytest.mark.django_db

FIRST = date(2040, 1, 10)


def small_flight(number: int = 1001, zone: str = "Europe/Stockholm") -> Flight:
    """Two seats, so that planning is quick."""
    return factories.flight(number, seat_rows=1, seat_letters="AB", origin_zone=zone)


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("plan_departures", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def late_evening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half past eleven at night in UTC: tomorrow in Stockholm, today in New York."""
    moment = datetime(2040, 1, 10, 23, 30, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


def test_each_day_gets_an_open_departure_with_every_seat_free() -> None:
    flight = small_flight()
    assert plan_departures(flight, first=FIRST, days=3) == 3
    assert [(d.date.day, d.status) for d in flight.departures.order_by("date")] == [
        (10, Departure.Status.OPEN),
        (11, Departure.Status.OPEN),
        (12, Departure.Status.OPEN),
    ]
    for departure in flight.departures.all():
        seats = departure.seats.order_by("number").values_list("number", "status")
        assert list(seats) == [("1A", Seat.Status.FREE), ("1B", Seat.Status.FREE)]


def test_departures_leave_at_the_local_time() -> None:
    flight = small_flight()
    plan_departures(flight, first=FIRST, days=1)
    assert flight.departures.get().departs_at == datetime(2040, 1, 10, 6, 40, tzinfo=UTC)


def test_planning_again_makes_nothing() -> None:
    flight = small_flight()
    plan_departures(flight, first=FIRST, days=2)
    assert plan_departures(flight, first=FIRST, days=2) == 0
    assert (Departure.objects.count(), Seat.objects.count()) == (2, 4)


def test_planning_further_makes_only_what_is_missing() -> None:
    flight = small_flight()
    plan_departures(flight, first=FIRST, days=2)
    assert plan_departures(flight, first=FIRST, days=5) == 3
    assert (Departure.objects.count(), Seat.objects.count()) == (5, 10)


def test_planning_again_leaves_what_was_changed_by_then() -> None:
    flight = small_flight()
    plan_departures(flight, first=FIRST, days=1)
    flight.departures.update(status=Departure.Status.CLOSED)
    Seat.objects.filter(number="1A").update(status=Seat.Status.BLOCKED)
    plan_departures(flight, first=FIRST, days=1)
    assert flight.departures.get().status == Departure.Status.CLOSED
    assert Seat.objects.get(number="1A").status == Seat.Status.BLOCKED


@pytest.mark.usefixtures("late_evening")
def test_the_first_departure_is_on_the_local_date_of_the_origin() -> None:
    small_flight(1001, "Europe/Stockholm")
    small_flight(1006, "America/New_York")
    run("--days", "1")
    days = Departure.objects.order_by("flight__number").values_list("flight__number", "date")
    assert list(days) == [(1001, date(2040, 1, 11)), (1006, date(2040, 1, 10))]


def test_the_command_says_how_many_it_planned() -> None:
    small_flight(1001)
    small_flight(1002)
    assert run("--days", "2") == "planned 4 departures for the next 2 days\n"
    assert run("--days", "2") == "planned 0 departures for the next 2 days\n"


def test_thirty_days_are_planned_when_nothing_is_said() -> None:
    small_flight()
    run()
    assert Departure.objects.count() == 30


@pytest.mark.parametrize("days", ["0", "-1", "401", "soon", "1.5", ""])
def test_an_unusable_number_of_days_is_refused(days: str) -> None:
    small_flight()
    with pytest.raises(CommandError, match="--days"):
        run(f"--days={days}")
    assert not Departure.objects.exists()


def test_the_flights_of_the_fixture_can_be_planned_and_booked() -> None:
    call_command("loaddata", "flights", verbosity=0)
    call_command("loaddata", "flights", verbosity=0)
    run("--days", "2")
    assert Flight.objects.filter(number=1001).exists()
    assert Departure.objects.count() == 2 * Flight.objects.count()
    assert factories.reserve(now=datetime.now(UTC)).seat_number == "12A"
