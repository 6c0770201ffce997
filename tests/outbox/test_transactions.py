"""Units of work."""

import pytest
from django.db import OperationalError, connection, transaction

from outbox.transactions import (
    ATTEMPTS,
    LostRace,
    database_is_away,
    lost_a_race,
    unit_of_work,
)
from tests.outbox.shop.models import Effect

pytestmark = pytest.mark.django_db(transaction=True)


class Attempts:
    """Fails with the given errors, one per attempt, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.count = 0

    @unit_of_work
    def run(self) -> str:
        self.count += 1
        Effect.objects.create(text=f"attempt {self.count}")
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.mark.parametrize("code", [1020, 1205, 1213])
def test_a_lost_race_is_tried_again_from_the_beginning(code: int) -> None:
    attempts = Attempts(OperationalError(code, "lost"), LostRace())
    assert attempts.run() == "done"
    assert [effect.text for effect in Effect.objects.all()] == ["attempt 3"]


def test_attempts_are_bounded() -> None:
    attempts = Attempts(*[LostRace() for _ in range(50)])
    with pytest.raises(LostRace):
        attempts.run()
    assert attempts.count == ATTEMPTS
    assert not Effect.objects.exists()


@pytest.mark.parametrize("error", [ValueError(), OperationalError(2013, "Lost connection")])
def test_other_errors_are_not_tried_again(error: Exception) -> None:
    attempts = Attempts(error)
    with pytest.raises(type(error)):
        attempts.run()
    assert attempts.count == 1


def test_inside_another_unit_of_work_the_outermost_decides() -> None:
    attempts = Attempts(LostRace())
    with pytest.raises(LostRace), transaction.atomic():
        attempts.run()
    assert attempts.count == 1


def test_a_unit_of_work_runs_in_a_transaction() -> None:
    @unit_of_work
    def look() -> bool:
        return connection.in_atomic_block

    assert look()


def test_errors_are_told_apart() -> None:
    assert lost_a_race(OperationalError(1213, "Deadlock"))
    assert not database_is_away(OperationalError(1213, "Deadlock"))
    assert database_is_away(OperationalError(2002, "Can't connect"))
    assert not lost_a_race(OperationalError())
    assert not database_is_away(ValueError())


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OperationalError(2006, "gone away"), True),
        (OperationalError(1053, "shutting down"), True),
        (OperationalError("database is locked"), True),
        (OperationalError(1054, "Unknown column"), False),
        (OperationalError("no such table: x"), False),
    ],
)
def test_a_database_that_is_away_is_told_from_a_fault_of_ours(error: Exception, away: bool) -> None:
    assert database_is_away(error) is away


def test_a_race_is_not_tried_again_for_longer_than_a_caller_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("outbox.transactions.LONGEST_SECONDS", 0.0)
    attempts = Attempts(*[LostRace() for _ in range(50)])
    with pytest.raises(LostRace):
        attempts.run()
    assert attempts.count == 1
