"""What every command says of a database that is in trouble."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import OperationalError, ProgrammingError, connection

from tests.outbox.management.output import output_of

ROOT = Path(__file__).resolve().parent.parent.parent.parent
COMMANDS = [
    ["outbox_history", "a key"],
    ["outbox_purge"],
    ["outbox_replay", "--all", "--reason", "mended"],
    ["outbox_status"],
]


@pytest.mark.django_db
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_that_the_database_is_away_is_told_in_a_line(command: list[str]) -> None:
    def refuse(*args: Any) -> None:
        raise OperationalError(2002, "no server")

    with connection.execute_wrapper(refuse), pytest.raises(CommandError) as told:
        output_of(*command)
    assert str(told.value) == "the database does not answer: (2002, 'no server')"


def test_a_database_that_was_not_migrated_is_told_in_a_line(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "TRIAL": "1",
        "DJANGO_SETTINGS_MODULE": "tests.outbox.settings",
        "OUTBOX_DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3",
    }
    command = [sys.executable, "-m", "django", "outbox_purge"]
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert process.returncode == 1
    assert process.stderr == "CommandError: the database has no tables: run manage.py migrate\n"


@pytest.mark.django_db
def test_a_fault_in_the_program_keeps_its_traceback() -> None:
    def fail(*args: Any) -> None:
        raise ProgrammingError("bad SQL")

    with connection.execute_wrapper(fail), pytest.raises(ProgrammingError):
        output_of("outbox_purge")
