"""MariaDB's connection: as few round trips as can be, and every statement where it belongs."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from MySQLdb.connections import Connection  # type: ignore[import-untyped]

from booking.models import Airport, Cabin
from config.mariadb import base

pytestmark = [pytest.mark.mariadb, pytest.mark.django_db(transaction=True)]


def asked(work: Callable[[], Any], *of: str) -> int:
    """How many statements of these kinds the server gets while something is done."""
    names = ", ".join(f"'Com_{one}'" for one in of)

    def counted() -> int:
        with connection.connection.cursor() as cursor:
            cursor.execute(f"SHOW SESSION STATUS WHERE Variable_name IN ({names})")
            return sum(int(value) for _, value in cursor.fetchall())

    connection.ensure_connection()
    before = counted()
    work()
    return counted() - before


def airport(code: str) -> None:
    Airport.objects.create(code=code, name=code, city=code, country="SE", zone="Europe/Stockholm")


def stored() -> list[str]:
    """What another connection sees."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT code FROM airport ORDER BY code")
            return [code for (code,) in cursor.fetchall()]
    finally:
        other.close()


def in_transactions(*codes: str) -> None:
    for code in codes:
        with transaction.atomic():
            airport(code)


def test_one_transaction_after_the_other_asks_for_nothing_but_its_commit() -> None:
    in_transactions("AAA")
    assert asked(lambda: in_transactions("BBB", "CCC"), "set_option", "begin") == 0
    assert stored() == ["AAA", "BBB", "CCC"]


def test_what_follows_a_transaction_outside_of_any_commits_itself() -> None:
    in_transactions("AAA")
    airport("BBB")
    assert stored() == ["AAA", "BBB"]


def test_what_a_cursor_of_a_transaction_writes_after_its_end_commits_itself() -> None:
    with transaction.atomic():
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.fetchall()
    cursor.execute(
        "INSERT INTO airport (code, name, city, country, zone) VALUES ('BBB', '', '', '', '')"
    )
    assert stored() == ["BBB"]


def test_what_is_rolled_back_is_gone_and_what_follows_is_not() -> None:
    with pytest.raises(KeyError), transaction.atomic():
        airport("AAA")
        raise KeyError
    airport("BBB")
    assert stored() == ["BBB"]


def test_after_a_transaction_the_session_holds_no_transaction_open() -> None:
    in_transactions("AAA")
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT @@in_transaction")
        assert cursor.fetchone() == (0,)


def test_a_transaction_that_must_be_rolled_back_takes_no_more_statements() -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            airport("AAA")


def a_request() -> None:
    """What Django does around each request."""
    connection.close_if_unusable_or_obsolete()
    assert Airport.objects.count() == 0
    connection.close_if_unusable_or_obsolete()


def kill() -> None:
    """Have the server end the connection."""
    key = connection.connection.thread_id()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute(f"KILL {key}")
    other.close()


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is time to check connections, at each request."""
    monkeypatch.setattr(base, "CHECK_EVERY_SECONDS", 0.0)


@pytest.mark.usefixtures("checked")
def test_a_connection_that_was_lost_between_requests_is_replaced() -> None:
    a_request()
    kill()
    a_request()


@pytest.mark.usefixtures("checked")
def test_a_connection_in_use_is_not_checked_at_every_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_request()
    monkeypatch.setattr(base, "CHECK_EVERY_SECONDS", 3600.0)
    assert asked(a_request, "admin_commands") == 0
    monkeypatch.setattr(base, "CHECK_EVERY_SECONDS", 0.0)
    assert asked(a_request, "admin_commands") == 1


@pytest.mark.usefixtures("checked")
def test_a_connection_that_breaks_while_it_is_used_fails_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    a_request()
    monkeypatch.setattr(base, "CHECK_EVERY_SECONDS", 3600.0)
    kill()
    with pytest.raises(OperationalError):
        a_request()
    a_request()


@pytest.mark.parametrize(
    "value",
    [
        *(None, 0, -7, 2**63, True, 1.5, Decimal("1.50"), b"\xff'\\\0"),
        *("", "12A", "\u00e5'\"\\\0\n\U0001f6eb%s", Cabin.ECONOMY),
        *(date(2026, 12, 1), datetime(2026, 12, 1, 6, 15, 0, 1, UTC), UUID(int=7)),
    ],
)
def test_a_value_is_written_into_a_statement_as_the_driver_writes_it(value: object) -> None:
    connection.ensure_connection()
    driver = connection.connection
    assert driver.literal(value) == Connection.literal(driver, value)
