"""Breaks what is planned when it is due, and watches for the system to be healthy again."""

import threading
import time
import xmlrpc.client
from collections.abc import Sequence
from typing import Final

from chaos.evidence import Fault
from chaos.faults import Planned, inflict
from chaos.system import System

LOOK_SECONDS: Final = 1.0
# So long after a fault nobody may have noticed it yet: what looks healthy then need not be.
UNNOTICED_SECONDS: Final = 2.0


class Watch:
    """Looks at the whole system's health from `start` to `stop`."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._over = threading.Event()
        self._seen: list[float] = []
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.is_healthy = True

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def healthy_after(self, moment: float) -> float | None:
        """When the system was first seen to be healthy after a fault that ended then."""
        return next((seen for seen in self._seen if seen > moment + UNNOTICED_SECONDS), None)

    def _run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            begun = time.time()
            self.is_healthy = self._looks_healthy()
            if self.is_healthy:
                self._seen.append(begun)

    def _looks_healthy(self) -> bool:
        try:
            return self._system.is_healthy()
        except (OSError, xmlrpc.client.Error):  # the process manager is busy, or ending
            return False


class Injector:
    """Inflicts faults, each in a thread of its own, so that they overlap as they are planned."""

    def __init__(self, system: System, planned: Sequence[Planned]) -> None:
        self._system = system
        self._planned = planned
        self._done: list[tuple[Planned, float, float]] = []
        self.under_way: list[Planned] = []
        self.failures: list[BaseException] = []

    def run(self) -> None:
        """Inflict all of them; returns when the last is over.

        Raises:
            Exception: what could not be inflicted, or not be taken back.
        """
        begun = time.monotonic()
        threads = []
        for planned in self._planned:
            time.sleep(max(0.0, begun + planned.at - time.monotonic()))
            threads.append(threading.Thread(target=self._inflict, args=(planned,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def faults(self, watch: Watch) -> list[Fault]:
        """What was broken, from when to when."""
        return [
            Fault(planned.kind, planned.victim, begun, ended, watch.healthy_after(ended))
            for planned, begun, ended in sorted(self._done, key=lambda done: done[1])
        ]

    def _inflict(self, planned: Planned) -> None:
        self.under_way.append(planned)
        begun = time.time()
        try:
            with inflict(self._system, planned):
                time.sleep(planned.seconds)
        except BaseException as error:
            self.failures.append(error)
            raise
        finally:
            self._done.append((planned, begun, time.time()))
            self.under_way.remove(planned)
