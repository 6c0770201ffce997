"""Statements whose answers nobody waits for, sent with those that follow them.

What the database answers to a write is, mostly, of no other use than to find out whether the
transaction must not go on. On a connection with a pipeline the server is told the same in the same
order, and is listened to once for several. Whatever such a statement comes to, an error or a lost
race, is heard with the next statement or with the COMMIT, before anything is committed. Without a
pipeline it is heard at once.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import IntegrityError


def has_pipeline(connection: Any) -> bool:
    """Whether the connection keeps statements for the next one; in a transaction only."""
    return connection.in_atomic_block and hasattr(connection, "pipelined")


def write(
    connection: Any,
    sql: str,
    parameters: Sequence[Any],
    check: Callable[[int], None] | None = None,
    refused: Callable[[Exception], Exception] | None = None,
) -> None:
    """Write, at the latest before whatever is asked next or the transaction commits.

    Args:
        connection: the database's.
        sql: a statement that brings no rows.
        parameters: its values.
        check: is given the number of rows that the statement has met; what it raises comes from
            here, from the next statement or from the COMMIT, and the transaction must not be
            committed after that.
        refused: is given the error of a statement that breaks a constraint; what it returns is
            raised in its place.
    """
    with connection.cursor() as cursor:
        if has_pipeline(connection):
            with connection.pipelined(check, refused):
                cursor.execute(sql, parameters)
            return
        try:
            cursor.execute(sql, parameters)
        except IntegrityError as error:
            raise refused(error) if refused else error from error
        if check:
            check(cursor.rowcount)
