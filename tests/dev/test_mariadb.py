"""The private server: each user on its own database alone, and durable."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.backings import Servers
from dev.mariadb import MariaDB
from dev.stack import Stack

MySQLdb: Any = pytest.importorskip("MySQLdb")  # not there where its headers are missing
pytestmark = pytest.mark.mariadb


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A server that runs, with the databases of the services and one more."""
    folder = tmp_path_factory.mktemp("mariadb")
    backing = Servers(folder, databases=["outbox_tests"], kafka=False)
    stack = Stack(folder, backing, services=())
    try:
        stack.start()
        yield backing.mariadb
    finally:
        stack.stop()


def query(server: MariaDB, user: str, statement: str) -> Any:
    """The rows, as that user sees them over TCP; raises MySQLdb's error when refused."""
    connection = MySQLdb.connect(
        host="127.0.0.1", port=server.port, user=user, password=server.password(user)
    )
    try:
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall()
    finally:
        connection.close()


def test_a_user_sees_no_database_but_its_own(server: MariaDB) -> None:
    seen = {name for (name,) in query(server, "booking", "SHOW DATABASES")}
    assert seen == {"booking", "information_schema"}


@pytest.mark.parametrize("database", ["payment", "mysql", "bookingx", "testXbooking"])
def test_a_user_cannot_reach_another_database(server: MariaDB, database: str) -> None:
    with pytest.raises(MySQLdb.Error, match="denied"):
        query(server, "booking", f"CREATE TABLE `{database}`.t (id INT)")


@pytest.mark.parametrize("user", ["booking", "outbox_tests"])
def test_a_user_makes_and_drops_the_test_databases_of_its_own(server: MariaDB, user: str) -> None:
    query(server, user, f"CREATE DATABASE test_{user}_gw0")
    query(server, user, f"DROP DATABASE test_{user}_gw0")


def test_names_that_differ_in_case_are_different(server: MariaDB) -> None:
    query(server, "booking", "CREATE TABLE booking.names (name VARCHAR(9) UNIQUE)")
    query(server, "booking", "INSERT INTO booking.names VALUES ('ABC'), ('abc')")


def test_a_committed_transaction_is_on_the_disk(server: MariaDB) -> None:
    rows = query(server, "booking", "SELECT @@innodb_flush_log_at_trx_commit, @@time_zone")
    assert rows == ((1, "+00:00"),)


def test_passwords_are_made_once_and_read_by_their_owner_alone(
    server: MariaDB, tmp_path: Path
) -> None:
    passwords = server.folder / "passwords"
    assert passwords.stat().st_mode & 0o777 == 0o600
    again = MariaDB(server.folder, server.port, server.databases)
    assert again.password("booking") == server.password("booking")
    assert MariaDB(tmp_path, 1, ["booking"]).password("booking") != server.password("booking")


def test_servers_keep_their_temporary_tables_apart(server: MariaDB) -> None:
    [(folder,)] = query(server, "booking", "SELECT @@tmpdir")
    assert Path(folder).parent == server.folder
