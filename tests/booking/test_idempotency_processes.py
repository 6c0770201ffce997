"""The same request in real processes, on SQLite's file and on MariaDB; and one that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from booking.models import IdempotencyKey, Reservation, Seat
from outbox.models import OutboxEvent
from tests.booking import factories
from tests.booking.agreement import assert_seats_and_reservations_agree
from tests.booking.http import problem_of, with_key

ROOT: Final = Path(__file__).resolve().parent.parent.parent

BEGIN: Final = """
import django
django.setup()
from django.core.management import call_command
from django.test import Client
from booking.models import IdempotencyKey, Reservation
from tests.booking import factories
from tests.booking.http import with_key
from tests.threads import at_once, results
"""
ON_A_NEW_FILE: Final = """
call_command("migrate", verbosity=0)
flight = factories.flight()
for day in (1, 2, 3):
    factories.departure(flight, in_days=day)
"""
# Threads share no connection, and SQLite lets one write at a time.
AT_ONCE: Final = """
from collections import Counter
sent = [lambda who=who: with_key(Client(HTTP_HOST="localhost"), passenger_id=who) for who in {who}]
answers = results(at_once(sent))
statuses = sorted(Counter(answer.status_code for answer in answers).items())
print(statuses, len({{answer.content for answer in answers}}), Reservation.objects.count())
"""
# The effect is written, and neither the answer nor the COMMIT.
KILLED: Final = """
import os, signal
IdempotencyKey.answer = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
with_key(Client(HTTP_HOST="localhost"))
"""
AFTERWARDS: Final = """
from datetime import timedelta
from django.db.models.functions import Now
from booking.services import idempotency
idempotency.WAIT_SECONDS = 0.1
print(Reservation.objects.count(), with_key(Client(HTTP_HOST="localhost")).status_code)
IdempotencyKey.objects.update(claimed_until=Now() - timedelta(seconds=1))
print(with_key(Client(HTTP_HOST="localhost")).status_code, Reservation.objects.count())
"""


def run(script: str, url: str) -> subprocess.CompletedProcess[str]:
    """A process of its own on a database."""
    settings = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings.booking",
        "TRIAL": "1",
        "BOOKING_DATABASE_URL": url,
    }
    return subprocess.run(
        [sys.executable, "-c", BEGIN + script],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )


def said(ended: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines that a process wrote, which ended well."""
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The address of an SQLite database in a file, which is not there yet."""
    return f"sqlite:///{tmp_path}/booking.sqlite3"


def test_requests_at_the_same_instant_have_one_effect_on_sqlite_too(file: str) -> None:
    asked = run(ON_A_NEW_FILE + AT_ONCE.format(who=[1] * 8), file)
    assert said(asked) == ["[(201, 8)] 1 1"]


def test_different_requests_under_one_key_leave_one_on_sqlite_too(file: str) -> None:
    asked = run(ON_A_NEW_FILE + AT_ONCE.format(who=[1, 2, 3, 4, 5, 6]), file)
    assert said(asked) == ["[(201, 1), (422, 5)] 2 1"]


def test_a_process_killed_before_its_answer_leaves_the_key_to_the_next_on_sqlite(file: str) -> None:
    assert run(ON_A_NEW_FILE + KILLED, file).returncode == -signal.SIGKILL
    assert said(run(AFTERWARDS, file)) == ["0 409", "201 1"]


def address(database: Mapping[str, Any]) -> str:
    account = f"{database['USER']}:{database['PASSWORD']}"
    return f"mysql://{account}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_a_process_killed_before_its_answer_leaves_the_key_to_the_next_on_mariadb(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.services.idempotency.WAIT_SECONDS", 0.1)
    factories.departure(factories.flight())
    assert run(KILLED, address(connection.settings_dict)).returncode == -signal.SIGKILL
    problem_of(with_key(client), 409, "request-in-flight")
    assert not Reservation.objects.exists()
    assert not OutboxEvent.objects.exists()
    IdempotencyKey.objects.update(claimed_until=Now() - timedelta(seconds=1))
    assert with_key(client).status_code == 201
    assert Seat.objects.filter(status=Seat.Status.HELD).count() == 1
    assert_seats_and_reservations_agree()
