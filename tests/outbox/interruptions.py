"""Interrupting a process at any point: before each statement, after each commit, around each call
of the broker.

Everything runs in one thread on one connection. What somebody else does meanwhile is done there and
then, between two statements of the interrupted process that are not in a transaction; inside a
transaction, other transactions could not touch the same rows either.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from django.db import OperationalError, connection

T = TypeVar("T")


class Crash(BaseException):
    """The process was killed here; it never does anything again."""


class Kind(Enum):
    """How a process is interrupted."""

    CRASH = "it is killed"
    MEANWHILE = "others do something meanwhile"
    DEADLOCK = "it loses a deadlock"
    AWAY = "the database is away, or its answer to a COMMIT is lost"


@dataclass(frozen=True)
class Interruption:
    """How, and after how many points."""

    kind: Kind
    after: int
    meanwhile: str = ""


class Points:
    """The points of the process that is running."""

    def __init__(self) -> None:
        self._interruption: Interruption | None = None
        self._meanwhile: Callable[[str], None] = lambda name: None
        self._left = 0
        self._is_dead = False

    @contextmanager
    def installed(self) -> Iterator["Points"]:
        """Have the database's statements and commits be points."""
        commit = connection._commit  # type: ignore[attr-defined]

        def commit_and_pass() -> None:
            commit()
            self.after_commit()

        connection._commit = commit_and_pass  # type: ignore[attr-defined]
        try:
            with connection.execute_wrapper(self._before_statement):
                yield self
        finally:
            connection._commit = commit  # type: ignore[attr-defined]

    def run(
        self,
        step: Callable[[], T],
        interruption: Interruption | None,
        meanwhile: Callable[[str], None],
    ) -> T:
        """Run a step of a process, interrupted.

        Raises:
            Crash: it was killed.
        """
        self._interruption, self._meanwhile = interruption, meanwhile
        self._left = interruption.after if interruption else 0
        self._is_dead = False
        try:
            return step()
        finally:
            self._interruption = None

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """Do what is not the process's own."""
        interruption, self._interruption = self._interruption, None
        try:
            yield
        finally:
            self._interruption = interruption

    def at_broker(self) -> None:
        """The process is about to talk to the broker, or has just done so."""
        assert not connection.in_atomic_block or self._interruption is None, (
            "the broker was called inside a transaction"
        )
        self._pass(Kind.CRASH, Kind.MEANWHILE)

    def after_commit(self) -> None:
        """A transaction has just been committed; the process does not know yet."""
        self._pass(Kind.CRASH, Kind.AWAY)

    def _before_statement(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if connection.in_atomic_block:
            self._pass(Kind.CRASH, Kind.DEADLOCK, Kind.AWAY)
        else:
            self._pass(Kind.CRASH, Kind.MEANWHILE, Kind.AWAY)
        return execute(sql, params, many, context)

    def _pass(self, *possible: Kind) -> None:
        if self._is_dead and self._interruption is not None:
            raise Crash
        if self._interruption is None or self._interruption.kind not in possible:
            return
        self._left -= 1
        if self._left < 0:
            self._interrupt(self._interruption)

    def _interrupt(self, interruption: Interruption) -> None:
        if interruption.kind is Kind.CRASH:
            self._is_dead = True
            raise Crash
        self._interruption = None
        if interruption.kind is Kind.DEADLOCK:
            raise OperationalError(1213, "Deadlock found")
        if interruption.kind is Kind.AWAY:
            raise OperationalError(2013, "Lost connection to server during query")
        self._meanwhile(interruption.meanwhile)
