"""The services' databases, read as they are: plain SQL, past the proxies and the services' code."""

from collections.abc import Sequence
from typing import Any, Final

import MySQLdb  # type: ignore[import-untyped]
from MySQLdb.cursors import DictCursor  # type: ignore[import-untyped]

from dev.mariadb import MariaDB

Row = dict[str, Any]
ANSWER_SECONDS: Final = 20


class Databases:
    """Reads any service's database, each time over a connection of its own."""

    def __init__(self, server: MariaDB) -> None:
        self._server = server

    def rows(self, service: str, query: str, arguments: Sequence[object] = ()) -> list[Row]:
        """What a query answers, each row by the names of its columns."""
        connection = MySQLdb.connect(
            host="127.0.0.1",
            port=self._server.port,
            user=service,
            password=self._server.password(service),
            db=service,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=ANSWER_SECONDS,
        )
        try:
            with connection.cursor(DictCursor) as cursor:
                cursor.execute(query, tuple(arguments) or None)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def count(self, service: str, what: str) -> int:
        """How many rows there are of a table, with its conditions."""
        [row] = self.rows(service, f"SELECT COUNT(*) AS found FROM {what}")  # noqa: S608 (ours)
        return int(row["found"])
