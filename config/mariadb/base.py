"""The connection: what Django's asks the server for without need, this one does not ask."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import DatabaseError
from django.db.backends.mysql import base

from config.mariadb.pipeline import Check, Connection, Refused, Write
from outbox.pipeline import Rows, Statement

# A connection that is in use is looked after as often, and no oftener.
CHECK_EVERY_SECONDS: Final = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection, which a transaction costs no round trip of its own but its COMMIT, and a
    request nothing.

    Django turns autocommit off before each transaction and on behind it, and pings the server
    before the first statement of each request: three round trips, where a reservation takes four.
    """

    health_check_done: bool
    _checked_at = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """Django's own, with the other class: `bytes` are no text to either."""
        connection = Connection(**conn_params)
        if connection.encoders.get(bytes) is bytes:
            connection.encoders.pop(bytes)
        return connection

    def connect(self) -> None:
        """Connect; who has just connected need not ask whether it holds."""
        super().connect()
        self._checked_at = time.monotonic()

    def close_if_health_check_failed(self) -> None:
        """Have a connection that was lost replaced before anything is asked of it.

        One that breaks within a second of its last check is found out by the statement that needs
        it: 503, as for any that breaks while it is used.
        """
        if self.health_check_done:
            return
        if time.monotonic() - self._checked_at < CHECK_EVERY_SECONDS:
            self.health_check_done = True
            return
        super().close_if_health_check_failed()
        self._checked_at = time.monotonic()

    def read(self, statements: Iterable[Statement], ahead: Iterable[Statement]) -> Sequence[Rows]:
        """The rows that each of some statements brings, all of them asked in one packet.

        Args:
            statements: SQL with its values.
            ahead: what is asked in the same packet, for whoever asks it next.
        """
        driver = self._ready()
        with self.wrap_database_errors:
            texts, later = ([driver.text(*one) for one in some] for some in (statements, ahead))
            return driver.read(texts, later)

    def change(self, sql: str, parameters: Sequence[Any]) -> int:
        """Execute a statement that brings no rows; how many it has met."""
        driver = self._ready()
        with self.wrap_database_errors:
            return driver.change(driver.text(sql, parameters))

    def keep(
        self,
        sql: str,
        parameters: Sequence[Any],
        check: Check | None = None,
        refused: Refused | None = None,
    ) -> None:
        """Execute a statement with the next one, or with COMMIT: see `Connection.keep`. In a
        transaction only: what commits itself is waited for."""
        driver = self._ready()
        with self.wrap_database_errors:
            driver.keep(Write(driver.text(sql, parameters), check, refused))

    def _ready(self) -> Connection:
        """The driver's connection, after all that Django does before a statement of a cursor's."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        driver: Connection = self.connection
        return driver

    def _savepoint_commit(self, sid: str) -> None:
        """Keep what was written since a savepoint, if its checks allow that: Django takes it back
        after errors of the database only."""
        djangos: Any = super()
        try:
            with self.wrap_database_errors:
                self.connection.hear()
        except DatabaseError:
            raise
        except Exception:
            self._savepoint_rollback(sid)
            raise
        djangos._savepoint_commit(sid)

    def _savepoint_rollback(self, sid: str) -> None:
        djangos: Any = super()
        djangos._savepoint_rollback(sid)
        self.connection.undone()

    def _set_autocommit(self, autocommit: bool) -> None:
        """Off with the transaction's first statement, on only before something is asked outside of
        a transaction: the next may well be another transaction. After COMMIT the session holds
        nothing."""
        if not autocommit:
            self.connection.turn_autocommit(on=False)

    def validate_no_broken_transaction(self) -> None:
        """What Django calls before every statement: what is not in a transaction commits itself."""
        super().validate_no_broken_transaction()
        if self.autocommit:
            self.connection.turn_autocommit(on=True)
