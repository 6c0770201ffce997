"""The driver's connection, on which statements that nobody waits for go with the next one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import MySQLdb  # type: ignore[import-untyped]
from django.db.backends.mysql.base import CursorWrapper
from MySQLdb import connections, cursors

# The number of rows that a statement has met, given to whoever had expectations.
Check = Callable[[int], None]
# What is raised in place of an IntegrityError.
Refused = Callable[[Exception], Exception]
# A longer statement is not kept: to put it together with others would be to copy it.
LONGEST_KEPT: Final = 64 * 1024


class Write(NamedTuple):
    """A statement that brings no rows.

    Args:
        text: its SQL.
        check: looks at how many rows it has met; raises what the transaction must not outlast.
        refused: what it means that the statement breaks a constraint.
    """

    text: bytes
    check: Check | None = None
    refused: Refused | None = None


AUTOCOMMIT_ON: Final = Write(b"SET autocommit=1")
AUTOCOMMIT_OFF: Final = Write(b"SET autocommit=0")
COMMIT: Final = Write(b"COMMIT")


class Cursor(cursors.Cursor):  # type: ignore[misc]
    """The driver's cursor; what it executes may be kept by its connection."""

    def _query(self, query: bytes) -> int | None:
        if not self.connection.keeps(query):
            return int(super()._query(query))
        self._result, self._executed = None, query
        self.rowcount, self.lastrowid = -1, None
        return None


class Connection(connections.Connection):  # type: ignore[misc]
    """The driver's connection, with a pipeline.

    A statement that is `pipelined` is kept, and sent ahead of the next one that is not, or of
    COMMIT, in one packet. The server gets the same statements in the same order as without: only
    what it says to those that were kept is heard later, and before any of it is committed.
    """

    default_cursor = Cursor
    _unsent: Sequence[Write] = ()
    _keeping: tuple[Check | None, Refused | None] | None = None
    _lost: Exception | None = None

    def literal(self, value: Any) -> bytes:
        """A value as SQL has it: texts, numbers and NULLs by a shorter way than the driver's, as a
        reservation has a hundred and ten of them."""
        if value is None:
            return b"NULL"
        kind = type(value)
        if kind is str:
            return bytes(self.string_literal(value.encode(self.encoding)))
        if kind is int:
            return b"%d" % value
        return bytes(super().literal(value))

    @contextmanager
    def pipelined(
        self, check: Check | None = None, refused: Refused | None = None
    ) -> Iterator[None]:
        """Keep what is executed here.

        Args:
            check: looks at how many rows a statement has met; what it raises comes from the
                statement that goes on the way with it, or from `commit`.
            refused: gives what comes from there in place of an IntegrityError.
        """
        self._keeping = check, refused
        try:
            yield
        finally:
            self._keeping = None

    def keeps(self, query: bytes) -> bool:
        """Keep a statement, if it is to be."""
        if self._keeping is None:
            return False
        self._unsent = [*self._unsent, Write(query, *self._keeping)]
        if len(query) > LONGEST_KEPT:
            self._send(self._take())
        return True

    def turn_autocommit(self, *, on: bool) -> None:
        """Have the session commit each statement by itself from the next one on, or not."""
        wanted, other = (AUTOCOMMIT_ON, AUTOCOMMIT_OFF) if on else (AUTOCOMMIT_OFF, AUTOCOMMIT_ON)
        last = self._unsent[-1] if self._unsent else None
        if last is other:
            self._unsent = self._unsent[:-1]
        elif last is not wanted and self.get_autocommit() != on:
            self._unsent = [*self._unsent, wanted]

    def query(self, query: bytes) -> None:
        """Send a statement, and what was kept ahead of it."""
        if self._unsent:
            self._send([*self._take(), Write(query)])
        else:
            super().query(query)

    def commit(self) -> None:
        """Commit what was executed, all of it or, where something that was kept has failed,
        nothing: not even where whoever heard that went on."""
        if self._unsent and self._unsent[-1] is AUTOCOMMIT_OFF:
            return  # nothing was asked in this transaction
        try:
            self.hear()
            if self._lost:
                raise self._lost
            if self._unsent:
                self._send([*self._take(), COMMIT])
            else:
                super().commit()
        except Exception as error:
            if not isinstance(error, MySQLdb.Error):
                self.rollback()  # Django does, but after errors of the database only
            raise

    def hear(self) -> None:
        """Have every check made that is due."""
        if any(write.check for write in self._unsent):
            self._send(self._take())

    def rollback(self) -> None:
        """Forget what was kept, and undo what was sent."""
        self._unsent = [one for one in self._unsent if one is AUTOCOMMIT_OFF]
        self._lost = None
        super().rollback()

    def undone(self) -> None:
        """What was written before something failed has been undone."""
        self._lost = None

    def _take(self) -> Sequence[Write]:
        unsent, self._unsent = self._unsent, ()
        return unsent

    def _send(self, writes: Sequence[Write]) -> None:
        """Send statements as one packet, of which the server does none after one that fails; what
        the last brings is left to be read."""
        met: list[int] = []
        failed: Exception | None = None
        try:
            super().query(b";".join([write.text for write in writes]))
            met.append(self.affected_rows())
            while len(met) < len(writes):
                self.next_result()
                met.append(self.affected_rows())
        except MySQLdb.Error as error:
            failed = _meant(error, writes[len(met)])
        # A check that fails comes before an error, which may have followed from going on.
        lost = _first_failure(writes, met)
        if lost and not failed:
            self.discard_result()
        if failed and len(met) + 1 < len(writes):
            lost = lost or failed  # with what was to follow
        self._lost = lost or self._lost
        if failure := lost or failed:
            raise failure


def _first_failure(writes: Iterable[Write], met: Iterable[int]) -> Exception | None:
    try:
        for write, rows in zip(writes, met, strict=False):
            if write.check:
                write.check(rows)
    except Exception as error:
        return error
    return None


def _meant(error: Exception, write: Write) -> Exception:
    """What an error is to whoever wrote; a constraint that is broken is an IntegrityError, as
    Django's cursor has it."""
    if error.args[0] in CursorWrapper.codes_for_integrityerror:
        error = MySQLdb.IntegrityError(*error.args)
    is_broken = isinstance(error, MySQLdb.IntegrityError)
    return write.refused(error) if write.refused and is_broken else error
