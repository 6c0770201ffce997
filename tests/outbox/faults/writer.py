"""Appends events to many orders at a bounded rate until SIGTERM, and keeps a journal.

    python -m tests.outbox.faults.writer JOURNAL SEED TRANSACTIONS_PER_SECOND

The journal tells, one JSON line for each transaction, what this process saw of it: committed,
rolled back, or in doubt, when the answer to COMMIT was lost.
"""

import json
import random
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO
from uuid import UUID

import django

THREADS: Final = 3
HOT_ORDERS: Final = 3
ORDERS: Final = 60
HOT_SHARE: Final = 0.3
NEW_SHARE: Final = 0.1
ROLLBACK_SHARE: Final = 0.15
MOST_EVENTS: Final = 3
PAUSE_WITHOUT_DATABASE_SECONDS: Final = 0.2

COMMITTED: Final = "committed"
ROLLED_BACK: Final = "rolled back"
IN_DOUBT: Final = "in doubt"


class GivenUp(Exception):
    """The transaction was to be rolled back."""


class Journal:
    """What this process knows about its transactions."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lock = threading.Lock()

    def note(self, outcome: str, attempts: Sequence[Sequence[str]]) -> None:
        """Write down how the last attempt ended; the ones before it were rolled back.

        Args:
            outcome: how the last of the attempts ended.
            attempts: the ids of the events that each attempt appended.
        """
        *failed, last = attempts or [[]]
        with self._lock:
            self._line(ROLLED_BACK, [name for names in failed for name in names])
            self._line(outcome, last)

    def _line(self, outcome: str, ids: Sequence[str]) -> None:
        if ids:
            print(json.dumps({"outcome": outcome, "ids": list(ids)}), file=self._file, flush=True)


class Writer:
    """One thread's share of the load."""

    def __init__(
        self, journal: Journal, orders: Sequence[UUID], chance: random.Random, rate: float
    ) -> None:
        self.journal = journal
        self.orders = orders
        self.chance = chance
        self.rate = rate

    def run(self, stopping: threading.Event) -> None:
        """Write until told to stop."""
        from django.db import connection

        while not stopping.wait(self.chance.expovariate(self.rate)):
            self._write(stopping)
        connection.close()

    def _write(self, stopping: threading.Event) -> None:
        from django.db import Error, connection

        from outbox.transactions import LostRace, lost_a_race

        attempts: list[list[str]] = []
        try:
            self._transaction(attempts)
        except (GivenUp, LostRace):
            self.journal.note(ROLLED_BACK, attempts)
        except Error as error:
            self.journal.note(ROLLED_BACK if lost_a_race(error) else IN_DOUBT, attempts)
            connection.close()
            stopping.wait(PAUSE_WITHOUT_DATABASE_SECONDS)
        else:
            self.journal.note(COMMITTED, attempts)

    def _transaction(self, attempts: list[list[str]]) -> None:
        """One unit of work, with everything decided before it: it may be done again."""
        from outbox.events import append
        from outbox.transactions import unit_of_work
        from tests.outbox.shop.events import OrderPlaced
        from tests.outbox.shop.models import Order

        known = None if self.chance.random() < NEW_SHARE else self._choose()
        count = self.chance.randint(1, MOST_EVENTS)
        gives_up = self.chance.random() < ROLLBACK_SHARE

        @unit_of_work
        def work() -> None:
            order = Order.objects.get(pk=known) if known else Order()
            sequences = range(order.event_sequence + 1, order.event_sequence + 1 + count)
            events = (OrderPlaced(amount=n, note=f"{order.pk} {n}") for n in sequences)
            attempts.append([str(row.event_id) for row in append(order, *events)])
            if known is None:
                order.save(force_insert=True)
            if gives_up:
                raise GivenUp

        work()

    def _choose(self) -> UUID:
        hot = self.chance.random() < HOT_SHARE
        return self.chance.choice(self.orders[:HOT_ORDERS] if hot else self.orders)


def the_orders() -> list[UUID]:
    """The orders that all writers share, hot ones first; made where they are missing."""
    from tests.outbox.shop.models import Order

    ids = [UUID(int=number) for number in range(1, ORDERS + 1)]
    Order.objects.bulk_create((Order(pk=pk) for pk in ids), ignore_conflicts=True)
    return ids


def main(journal: str, seed: str, rate: str) -> None:
    """Write until SIGTERM."""
    django.setup()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    orders = the_orders()
    with Path(journal).open("w") as file:
        kept = Journal(file)
        chances = [random.Random(f"{seed}/{number}") for number in range(THREADS)]
        writers = [Writer(kept, orders, chance, float(rate) / THREADS) for chance in chances]
        threads = [threading.Thread(target=w.run, args=(stopping,)) for w in writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
