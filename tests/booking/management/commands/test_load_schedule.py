"""`manage.py load_schedule`."""

from functools import partial
from pathlib import Path

import pytest

from booking.models import SchedulePeriod
from tests.booking import factories
from tests.booking.schedules.records import csv, leg, ssim
from tests.commands import said

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a schedule is put; what it needs is there."""
    factories.airport("ARN")
    factories.airport("LHR", "Europe/London")
    factories.aircraft_type(1, "A C", "32N")
    return tmp_path / "schedule"


run = partial(said, "load_schedule")


def test_it_says_what_a_file_has_brought(file: Path) -> None:
    file.write_bytes(csv({}))
    assert run(file) == ("1 flights and 1 periods are new, 0 periods were there\n", "")
    assert run(file) == ("0 flights and 0 periods are new, 1 periods were there\n", "")


def test_it_names_every_bad_line_and_loads_nothing(file: Path) -> None:
    file.write_bytes(csv({}, {"days": "x"}, {"origin": "XXX"}))
    output, errors = run(file)
    assert output == ""
    assert [line.split(":")[0] for line in errors.splitlines()] == (
        ["line 3", "line 4", "2 lines cannot be loaded; nothing has been loaded"]
    )
    assert not SchedulePeriod.objects.exists()


def test_new_flights_of_ssim_get_the_prices_of_the_command_line(file: Path) -> None:
    file.write_bytes(ssim(leg()))
    run(file, "--price", "ECONOMY=9900", "--currency", "EUR")
    flight = SchedulePeriod.objects.get().flight
    assert (flight.list_prices, flight.currency) == ({"ECONOMY": 9900}, "EUR")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--price", "ECONOMY=9900"], "--price and --currency go together"),
        (["--currency", "EUR"], "--price and --currency go together"),
        (["--price", "ATTIC=1", "--currency", "EUR"], "the cabins are ECONOMY, "),
        (["--price", "ECONOMY", "--currency", "EUR"], "must be a whole number"),
        (["--price", "ECONOMY=1.5", "--currency", "EUR"], "must be a whole number"),
        (["--price", "ECONOMY=1", "--currency", "euro"], "must be an ISO 4217 code"),
    ],
)
def test_prices_that_cannot_be_are_refused(file: Path, arguments: list[str], reason: str) -> None:
    file.write_bytes(ssim(leg()))
    assert reason in run(file, *arguments)[1]
    assert not SchedulePeriod.objects.exists()


def test_a_file_that_is_not_there_is_said_to_be(file: Path) -> None:
    assert "cannot be read: No such file or directory" in run(file)[1]
