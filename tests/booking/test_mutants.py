"""For every guard of booking that is switched off there is a test that fails."""

import inspect

import pytest
from django.db import connection

from tests.booking.mutants import MUTANTS, Mutant
from tests.booking.mutants_of_prices import PRICES
from tests.booking.test_offers import departure
from tests.booking.test_rebooking import fare

# The fixtures that those tests are given, which their own modules have.
__all__ = ["departure", "fare"]

# One connection shows the same on every database: SQLite's part is enough for those.
HERE = [mutant for mutant in (*MUTANTS, *PRICES) if mutant.races == (connection.vendor == "mysql")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mutant", HERE, ids=str)
def test_a_test_fails_when_a_guard_is_off(
    mutant: Mutant,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caught: list[str],
) -> None:
    mutant.given()
    fixtures = set(inspect.signature(mutant.caught_by).parameters) - set(mutant.arguments)
    arguments = {name: request.getfixturevalue(name) for name in fixtures}
    mutant.switch_off(monkeypatch)
    with pytest.raises((mutant.raises, pytest.fail.Exception)) as seen:
        mutant.caught_by(**mutant.arguments, **arguments)
    what = str(seen.value).partition("\n")[0][:80]
    caught.append(f"{mutant}: {mutant.caught_by.__name__} ({what})")
