"""Many reservations at once: how fast the system gets through them."""

from uuid import UUID

from bench.children import Child
from bench.saga.buying import Buying
from bench.saga.hops import Hops
from bench.saga.observers import Observers
from bench.whole.rising import PATIENCE_SECONDS
from dev.console import step

# As fast as they are answered.
AT_ONCE = 1000


class Bursts:
    """Rounds of reservations that are all asked for at once.

    Args:
        clients: the process that sends.
        observers: who watches.
        hops: the bare way, which is not gone here.
        count: how many in each round.
    """

    def __init__(self, clients: Child, observers: Observers, hops: Hops, *, count: int) -> None:
        self.count = count
        self._observers = observers
        self._buying = Buying(
            clients,
            observers,
            hops,
            per_second=AT_ONCE,
            seconds=count / AT_ONCE,
            patience=PATIENCE_SECONDS,
            warm_seconds=0,
        )

    def warm(self) -> None:
        """Have everything done once."""
        self._buying.warm()

    def round(self) -> float:
        """Reservations a second, from when the first was due until the last was CONFIRMED."""
        passages = self._buying.buy()
        first = min(one["due"] for one in passages)
        rate = len(passages) / (max(one["CONFIRMED"] for one in passages) - first)
        step(f"  {len(passages)} at once: {rate:.1f} CONFIRMED a second")
        return rate

    def some_reservation(self) -> UUID:
        """One that has come to its end."""
        return next(iter(self._observers.seen))
