"""The mixed load: clients, each going through all scenarios again and again."""

import threading
from random import Random
from typing import Final

from chaos.client import Client, Journal
from chaos.scenarios import SCENARIOS, Customer

CLIENTS: Final = 8
PAUSE_SECONDS: Final = (0.2, 1.2)


class Load:
    """Clients that work from `start` to `stop`.

    Args:
        gateway: where they ask.
        seed: of the run.
    """

    def __init__(self, gateway: str, seed: int) -> None:
        self.journal = Journal()
        self.failures: list[BaseException] = []
        self._gateway = gateway
        self._seed = seed
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), name=f"client-{number}")
            for number in range(1, CLIENTS + 1)
        ]

    def start(self) -> None:
        """Have the clients begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Have no client begin anything more."""
        self._over.set()

    def join(self) -> None:
        """Wait until every client has ended what it was at.

        Raises:
            Exception: what a client has failed with.
        """
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def _run(self, number: int) -> None:
        chance = Random(f"{self._seed}/client/{number}")
        client = Client(
            number,
            gateway=self._gateway,
            chance=chance,
            journal=self.journal,
            is_over=self._over.is_set,
        )
        try:
            self._live(Customer(client), chance)
        except BaseException as error:
            self.failures.append(error)
            raise
        finally:
            client.close()

    def _live(self, customer: Customer, chance: Random) -> None:
        while True:
            for scenario in chance.sample(SCENARIOS, len(SCENARIOS)):
                if self._over.wait(chance.uniform(*PAUSE_SECONDS)):
                    return
                customer.live_through(scenario)
