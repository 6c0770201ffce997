"""The services' databases, read as they are: plain SQL, past the proxies and the services' code."""

import time
from collections.abc import Sequence
from typing import Any, Final

import MySQLdb  # type: ignore[import-untyped]
from MySQLdb.cursors import DictCursor  # type: ignore[import-untyped]

from dev.mariadb import MariaDB

Row = dict[str, Any]
ANSWER_SECONDS: Final = 60
PAUSE_SECONDS: Final = 0.5
AWAY: Final = frozenset({2002, 2003, 2006, 2013})  # the client's codes for a server that is away


class Databases:
    """Reads any service's database, each time over a connection of its own."""

    def __init__(self, server: MariaDB) -> None:
        self._server = server

    def rows(self, service: str, query: str, arguments: Sequence[object] = ()) -> list[Row]:
        """What a query answers, each row by the names of its columns; a server that is just coming
        back is waited for.

        Raises:
            OperationalError: it does not come back.
        """
        give_up = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                return self._rows(service, query, arguments)
            except MySQLdb.OperationalError as error:
                if error.args[0] not in AWAY or time.monotonic() > give_up:
                    raise
            time.sleep(PAUSE_SECONDS)

    def _rows(self, service: str, query: str, arguments: Sequence[object]) -> list[Row]:
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
