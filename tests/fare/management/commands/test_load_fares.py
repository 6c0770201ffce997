"""`manage.py load_fares`."""

from functools import partial
from pathlib import Path

import pytest

from fare.models import Fare
from tests.commands import said
from tests.fare import factories
from tests.fare.test_loading import csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where fares are put; what they need is there."""
    factories.airports()
    factories.family()
    return tmp_path / "fares.csv"


run = partial(said, "load_fares")


def test_it_says_what_a_file_has_brought(file: Path) -> None:
    file.write_bytes(csv({}))
    assert run(file) == ("1 fares are new, 0 are changed, 0 were so before\n", "")
    assert run(file) == ("0 fares are new, 0 are changed, 1 were so before\n", "")


def test_it_names_every_bad_line_and_loads_nothing(file: Path) -> None:
    file.write_bytes(csv({}, {"days": "x"}, {"origin": "XXX"}))
    output, errors = run(file)
    assert output == ""
    assert [line.split(":")[0] for line in errors.splitlines()] == (
        ["line 3", "line 4", "2 lines cannot be loaded; nothing has been loaded"]
    )
    assert not Fare.objects.exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    _, errors = run(tmp_path / "nowhere.csv")
    assert "nowhere.csv cannot be read" in errors
