"""A simulated card processor, shipped for demonstrations and tests.

It answers by the token, always the same, and keeps books of its own in an SQLite file, as the real
one would: a key that it has seen gets the answer it got before, and charges nobody again.

| token          | answer                       |
|----------------|------------------------------|
| `tok_decline`  | declined, `card_declined`    |
| any other      | approved                     |
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from uuid_utils.compat import uuid7

from payment.processors import Answer, Approved, Authorization, Declined

DECLINES: Final = {"tok_decline": "card_declined"}

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS charge (
    idempotency_key TEXT PRIMARY KEY,
    reference TEXT NOT NULL,
    declined TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL
)
"""


class Simulator:
    """See the module.

    Args:
        books: the file that holds the processor's books; it is made when it is not there.
        latency: how many seconds every call takes.
    """

    def __init__(self, books: Path, *, latency: float = 0.0) -> None:
        self.books = books
        self.latency = latency
        self._writing = threading.Lock()
        books.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(_SCHEMA)

    @classmethod
    def from_settings(cls) -> Self:
        """The simulator that the settings describe.

        Raises:
            ImproperlyConfigured: the books cannot be kept where the settings say.
        """
        try:
            return cls(Path(settings.PROCESSOR_BOOKS), latency=settings.PROCESSOR_LATENCY_MS / 1000)
        except (OSError, sqlite3.Error) as error:
            raise ImproperlyConfigured(f"PROCESSOR_BOOKS cannot be used: {error}.") from error

    def authorize(self, authorization: Authorization) -> Answer:
        """See `Processor.authorize`."""
        time.sleep(self.latency)
        with self._writing, self._open() as connection:
            connection.execute(
                "INSERT INTO charge VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    authorization.idempotency_key,
                    f"sim_{uuid7().hex}",
                    DECLINES.get(authorization.token, ""),
                    authorization.amount,
                    authorization.currency,
                ),
            )
            reference, declined = connection.execute(
                "SELECT reference, declined FROM charge WHERE idempotency_key = ?",
                (authorization.idempotency_key,),
            ).fetchone()
        return Declined(reason=declined) if declined else Approved(reference=reference)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection of the calling thread, committed at the end."""
        with closing(sqlite3.connect(self.books, timeout=20)) as connection, connection:
            yield connection
