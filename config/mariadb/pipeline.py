"""The driver's connection, on which statements that nobody waits for go with the next one."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import MySQLdb  # type: ignore[import-untyped]
from django.db.backends.mysql.base import CursorWrapper
from MySQLdb import connections

from outbox.pipeline import Rows

# The number of rows that a statement has met, given to whoever had expectations.
Check = Callable[[int], None]
# What is raised in place of an IntegrityError.
Refused = Callable[[Exception], Exception]
# A longer statement is not kept: to put it together with others would be to copy it.
LONGEST_KEPT: Final = 64 * 1024
NO_MORE: Final = -1  # results, as the driver says it

# Statements that were asked ahead of time, and the rows of each.
NOTHING_AHEAD: Final[tuple[Sequence[bytes], Sequence[Rows]]] = ((), ())


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


class Connection(connections.Connection):  # type: ignore[misc]
    """The driver's connection, with a pipeline.

    What is to be kept is sent ahead of the next statement that is not, or of COMMIT, in one packet.
    The server gets the same statements in the same order as without: only what it says to those
    that were kept is heard later, and before any of it is committed.
    """

    _unsent: Sequence[Write] = ()
    _ahead: tuple[Sequence[bytes], Sequence[Rows]] = NOTHING_AHEAD
    _lost: Exception | None = None

    def text(self, sql: str, parameters: Iterable[Any]) -> bytes:
        """A statement with its values in their places."""
        return bytes(sql.encode(self.encoding) % tuple(map(self.literal, parameters)))

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

    def read(self, texts: Sequence[bytes], ahead: Sequence[bytes] = ()) -> Sequence[Rows]:
        """The rows that each of some statements brings, all of them asked in one packet.

        Args:
            texts: the statements.
            ahead: what is asked in the same packet. Who reads just this next has it from there, as
                it was then; whatever else the session is told before that, it is forgotten.
        """
        asked, found = self._ahead
        if asked == texts:
            self._ahead = NOTHING_AHEAD
            return found
        self.query(b";".join([*texts, *ahead]))
        found = [self._rows()]
        while len(found) < len(texts) + len(ahead):
            self.next_result()
            found.append(self._rows())
        self._ahead = ahead, found[len(texts) :]
        return found[: len(texts)]

    def _rows(self) -> Rows:
        rows: Rows = self.store_result().fetch_row(0)
        return rows

    def change(self, text: bytes) -> int:
        """Execute a statement that brings no rows; how many it has met."""
        self._send([*self._take(), Write(text)])
        return int(self.affected_rows())

    def keep(self, write: Write) -> None:
        """Execute a statement with the next one: what its check raises, and what is raised for a
        constraint that it breaks, comes from there, or from `commit`."""
        self._ahead = NOTHING_AHEAD
        self._unsent = [*self._unsent, write]
        if len(write.text) > LONGEST_KEPT:
            self._send(self._take())

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
        self._ahead = NOTHING_AHEAD
        if self._unsent:
            self._send([*self._take(), Write(query)])
        else:
            super().query(query)

    def commit(self) -> None:
        """Commit what was executed, all of it or, where something that was kept has failed,
        nothing: not even where whoever heard that went on."""
        if self._unsent and self._unsent[-1] is AUTOCOMMIT_OFF:
            return  # nothing was asked in this transaction
        self._ahead = NOTHING_AHEAD
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
        self._ahead, self._lost = NOTHING_AHEAD, None
        super().rollback()

    def undone(self) -> None:
        """What was written before something failed has been undone."""
        self._lost = None

    def _discard(self) -> None:
        """Read past what is left to be read: the session takes nothing else before."""
        with suppress(MySQLdb.Error):  # the failure that is raised came first
            self.discard_result()
            while self.next_result() != NO_MORE:
                self.discard_result()

    def _take(self) -> Sequence[Write]:
        unsent, self._unsent = self._unsent, ()
        return unsent

    def _send(self, writes: Sequence[Write]) -> None:
        """Send statements as one packet, of which the server does none after one that fails; what
        the last brings is left to be read."""
        self._ahead = NOTHING_AHEAD
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
            self._discard()
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
