"""The connection: what Django's asks the server for without need, this one does not ask."""

import time
from typing import Any, Final

from django.db.backends.mysql import base
from MySQLdb.connections import Connection  # type: ignore[import-untyped]

# A connection that is in use is looked after as often, and no oftener.
CHECK_EVERY_SECONDS: Final = 1.0


class Literals(Connection):  # type: ignore[misc]
    """The driver's connection, which writes texts, numbers and NULLs into statements by a shorter
    way: a reservation has a hundred and ten of them."""

    def literal(self, value: Any) -> bytes:
        """A value as SQL has it."""
        if value is None:
            return b"NULL"
        kind = type(value)
        if kind is str:
            return bytes(self.string_literal(value.encode(self.encoding)))
        if kind is int:
            return b"%d" % value
        return bytes(super().literal(value))


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection, which a transaction costs its COMMIT, and a request nothing.

    Django turns autocommit off before each transaction and on behind it, and pings the server
    before the first statement of each request: three round trips, where a reservation takes eight.
    """

    health_check_done: bool
    _checked_at = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        """Django's own, with the other class: `bytes` are no text to either."""
        connection = Literals(**conn_params)
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

    def _set_autocommit(self, autocommit: bool) -> None:
        """Off at once, on only before something is asked outside of a transaction: the next may
        well be another transaction. After COMMIT the session holds nothing."""
        if not autocommit:
            self._turn_autocommit(on=False)

    def validate_no_broken_transaction(self) -> None:
        """What Django calls before every statement: what is not in a transaction commits itself."""
        super().validate_no_broken_transaction()
        if self.autocommit and not self.connection.get_autocommit():
            self._turn_autocommit(on=True)

    def _turn_autocommit(self, *, on: bool) -> None:
        with self.wrap_database_errors:
            self.connection.autocommit(on)
