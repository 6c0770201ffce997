"""`manage.py plan_departures`, and the flights of the demonstration."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from booking.management.commands import plan_departures
from booking.models import AircraftType, CabinLayout, Departure, Flight, SchedulePeriod, Seat
from tests.booking import factories

pytestmark = pytest.mark.django_db


def small_flight(number: int = 1001) -> Flight:
    """Two seats, so that planning is quick."""
    return factories.flight(number, seat_rows=1, seat_letters="A C")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing takes so long that it says how far it is, however busy the machine."""
    monkeypatch.setattr(plan_departures, "PROGRESS_SECONDS", 3600.0)


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("plan_departures", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_says_how_many_it_planned() -> None:
    small_flight(1001)
    small_flight(1002)
    assert run("--days", "2") == "planned 4 departures for the next 2 days\n"
    assert run("--days", "2") == "planned 0 departures for the next 2 days\n"


def test_a_trial_plans_thirty_days_when_nothing_is_said() -> None:
    small_flight()
    run()
    assert Departure.objects.count() == 30


def test_what_takes_long_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_departures, "PROGRESS_SECONDS", -1.0)
    small_flight()
    lines = run("--days", "100").splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "60 departures so far",
        "100 departures so far",
        "planned 100 departures for the next 100 days",
    ]


@pytest.mark.parametrize("days", ["0", "-1", "401", "soon", "1.5", ""])
def test_an_unusable_number_of_days_is_refused(days: str) -> None:
    small_flight()
    with pytest.raises(CommandError, match="--days"):
        run(f"--days={days}")
    assert not Departure.objects.exists()


@pytest.fixture
def demonstration() -> None:
    call_command("loaddata", "flights", verbosity=0)


@pytest.mark.usefixtures("demonstration")
def test_the_flights_of_the_demonstration_can_be_planned_and_booked() -> None:
    run("--days", "2")
    call_command("loaddata", "flights", verbosity=0)
    assert run("--days", "2") == "planned 0 departures for the next 2 days\n"
    reservation = factories.reserve(now=datetime.now(UTC))
    assert (reservation.seat_number, reservation.amount) == ("12A", 12900)


@pytest.mark.usefixtures("demonstration")
def test_the_demonstration_is_a_small_airline() -> None:
    routes = set(Flight.objects.values_list("origin", "destination"))
    assert len(routes) == 20
    assert {(there, here) for here, there in routes} == routes
    assert AircraftType.objects.count() == 3
    assert set(CabinLayout.objects.values_list("cabin", flat=True)) == {"ECONOMY", "BUSINESS"}
    run("--days", "7")
    assert Flight.objects.get(number=1001).departures.count() == 7
    assert set(Seat.objects.values_list("status", flat=True)) == {"FREE", "BLOCKED"}


@pytest.mark.usefixtures("demonstration")
def test_everything_in_the_demonstration_would_be_accepted_by_the_admin() -> None:
    for model in (AircraftType, CabinLayout, Flight, SchedulePeriod):
        for row in model._default_manager.all():
            row.full_clean()
