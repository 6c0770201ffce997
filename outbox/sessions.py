"""What workers ask of database sessions beyond Django's settings: the one place of raw SQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.signals import connection_created


@contextmanager
def limited_silence(seconds: int) -> Iterator[None]:
    """Have the server end transactions that fall silent, on connections made from now on.

    A process that is stopped inside a transaction (SIGSTOP, a frozen machine, a host without
    power) leaves its row locks behind, and whoever takes its shards over would wait for them.
    MariaDB then rolls back and closes the connection; Django's ORM has no word for it. SQLite and
    other servers are left as they are.

    Args:
        seconds: how long a transaction may be open without a statement.
    """

    def limit(connection: Any, **kwargs: Any) -> None:
        if connection.vendor == "mysql" and connection.mysql_is_mariadb:
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION idle_transaction_timeout = %s", [seconds])

    connection_created.connect(limit)
    try:
        yield
    finally:
        connection_created.disconnect(limit)
