"""The simulated processor's books: an SQLite file of its own, as another company would have.

They hold the same rules as a card company's: no more is captured than was authorized, no more is
refunded than was captured, a key is booked once.
"""

import fcntl
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from payment.processors import Kind

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    authorization TEXT NOT NULL,
    token TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    declined TEXT NOT NULL,
    decided_at REAL NOT NULL,
    asked INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS entry_authorization ON entry (authorization);
CREATE TABLE IF NOT EXISTS missed (
    idempotency_key TEXT PRIMARY KEY,
    times INTEGER NOT NULL
);
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the books.

    Args:
        idempotency_key: what it was asked with.
        kind: what was asked.
        reference: the processor's own.
        authorization: the reference of the authorization that it is about: of itself for one.
        token: the card.
        amount: minor units of `currency`.
        currency: ISO 4217.
        declined: why it was declined; empty when it was approved.
        decided_at: from when on the outcome is told, in seconds since 1970.
        asked: how often it was asked before.
    """

    idempotency_key: str
    kind: Kind
    reference: str
    authorization: str
    token: str
    amount: int
    currency: str
    declined: str
    decided_at: float
    asked: int = 0


_COLUMNS: Final = (
    "idempotency_key, kind, reference, authorization, token, amount, currency, declined,"
    " decided_at, asked"
)


class Books:
    """The file.

    Args:
        file: where; it is made when it is not there.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        # One connection for all threads, kept open: closing the last one writes the whole log back.
        self._connection = sqlite3.connect(
            file, timeout=20, isolation_level=None, check_same_thread=False
        )
        weakref.finalize(self, self._connection.close)
        # Turning to WAL does not wait for others who do: SQLite says "database is locked" at once.
        with _alone_in(file.parent):
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(_SCHEMA)
        # The file outlives the process, killed or not; a power cut is not simulated.
        self._connection.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def locked(self) -> Iterator["Page"]:
        """The books, for this thread of this process alone until the block ends."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Page(self._connection)
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else who asks for this is in the folder at the same time."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Page:
    """The open books.

    Args:
        connection: in a transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, idempotency_key: str) -> Entry | None:
        """The entry of a key."""
        return next(iter(self._entries("idempotency_key = ?", idempotency_key)), None)

    def authorization(self, reference: str) -> Entry | None:
        """The approved authorization with this reference."""
        where = "reference = ? AND kind = 'AUTHORIZE' AND declined = ''"
        return next(iter(self._entries(where, reference)), None)

    def add(self, entry: Entry) -> None:
        """Book it."""
        marks = ", ".join("?" * 10)
        self._connection.execute(
            f"INSERT INTO entry ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 (constants)
            (
                entry.idempotency_key,
                entry.kind,
                entry.reference,
                entry.authorization,
                entry.token,
                entry.amount,
                entry.currency,
                entry.declined,
                entry.decided_at,
                entry.asked,
            ),
        )

    def count_asked(self, entry: Entry) -> None:
        """Note that it was asked once more."""
        self._connection.execute(
            "UPDATE entry SET asked = asked + 1 WHERE idempotency_key = ?", (entry.idempotency_key,)
        )

    def miss(self, idempotency_key: str) -> int:
        """Note that nobody was there for a key; returns how often before."""
        self._connection.execute(
            "INSERT INTO missed VALUES (?, 1)"
            " ON CONFLICT (idempotency_key) DO UPDATE SET times = times + 1",
            (idempotency_key,),
        )
        [times] = self._connection.execute(
            "SELECT times FROM missed WHERE idempotency_key = ?", (idempotency_key,)
        ).fetchone()
        return int(times) - 1

    def total(self, authorization: str, kind: Kind) -> int:
        """What was approved of a kind on an authorization."""
        [total] = self._connection.execute(
            "SELECT COALESCE(SUM(amount), 0) FROM entry"
            " WHERE authorization = ? AND kind = ? AND declined = ''",
            (authorization, kind),
        ).fetchone()
        return int(total)

    def entries(self) -> list[Entry]:
        """All of them, oldest first."""
        return self._entries("1 = ?", 1)

    def _entries(self, where: str, value: object) -> list[Entry]:
        query = f"SELECT {_COLUMNS} FROM entry WHERE {where} ORDER BY id"  # noqa: S608 (constants)
        names = [name.strip() for name in _COLUMNS.split(",")]
        rows = self._connection.execute(query, (value,))
        return [Entry(**dict(zip(names, row, strict=True))) for row in rows]
