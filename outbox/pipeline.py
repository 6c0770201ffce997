"""Statements whose answers nobody waits for, sent with those that follow them.

What the database answers to a write is, mostly, of no other use than to find out whether the
transaction must not go on. On a connection with a pipeline the server is told the same in the same
order, and is listened to once for several. Whatever such a statement comes to, an error or a lost
race, is heard with the next statement or with the COMMIT, before anything is committed. Without a
pipeline it is heard at once.

Such a connection also reads without a cursor, of which Django's takes three quarters of what the
driver takes, once the SQL is made; where somebody listens (`connection.execute_wrappers`, or
queries that are logged) statements go through cursors, and one by one.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import IntegrityError

Rows = Sequence[Sequence[Any]]
# SQL with its values.
Statement = tuple[str, Sequence[Any]]


def is_direct(connection: Any) -> bool:
    """Whether the connection takes statements without a cursor, and nobody would miss that."""
    return (
        hasattr(connection, "keep")
        and not connection.execute_wrappers
        and not connection.queries_logged
    )


def read(
    connection: Any, *statements: Statement, ahead: Sequence[Statement] = ()
) -> Sequence[Rows]:
    """The rows that each of some statements brings: asked one after the other, each as if the one
    before had been answered, and together where the connection can.

    Args:
        connection: the database's.
        statements: SQL with its values.
        ahead: what will be read next, most likely. Where the connection can, it is asked at once,
            and whoever reads just this next has it; whatever else is asked before, it is forgotten.
    """
    if is_direct(connection):
        found: Sequence[Rows] = connection.read(statements, ahead)
        return found
    with connection.cursor() as cursor:
        return [_executed(cursor, *statement).fetchall() for statement in statements]


def change(connection: Any, sql: str, parameters: Sequence[Any]) -> int:
    """Execute a statement that brings no rows; how many it has met."""
    if is_direct(connection):
        return int(connection.change(sql, parameters))
    with connection.cursor() as cursor:
        return int(_executed(cursor, sql, parameters).rowcount)


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
    if connection.in_atomic_block and is_direct(connection):
        connection.keep(sql, parameters, check, refused)
        return
    try:
        met = change(connection, sql, parameters)
    except IntegrityError as error:
        raise refused(error) if refused else error from error
    if check:
        check(met)


def _executed(cursor: Any, sql: str, parameters: Sequence[Any]) -> Any:
    cursor.execute(sql, parameters)
    return cursor
