"""Rounds of reservations on their way to CONFIRMED."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import psutil

from bench.booking import inventory
from bench.booking.inventory import Asked
from bench.booking.selling import reserving
from bench.booking.sites import Request
from bench.children import Child
from bench.machine import CpuMeter, servers
from bench.report import Bound, Figure
from bench.rounds import Rounds, percentile
from bench.saga import asking, written
from bench.saga.hops import Hops
from bench.saga.observers import Observers
from bench.saga.passages import OTHERS, STEPS, Incomplete, Passage, between, complete, lines
from dev.console import RefusalError, step
from dev.processes import SERVICES

CLIENTS: Final = 32
WARM_SECONDS: Final = 2.0
END_SECONDS: Final = 60.0
TO_CONFIRMED: Final = ("due", "CONFIRMED")


class Buying:
    """Rounds of reservations at a steady rate, in turn with the bare hops.

    Args:
        clients: the process that sends.
        observers: who watches.
        hops: the bare way.
        per_second: reservations a second.
        seconds: how long each round lasts; its first ones are not counted.
        request: what is sent for a seat: at the price of an offer, if not said, which is what the
            bound is for.
        patience: how many seconds after the last answer everybody must have tickets.
        warm_seconds: how long the first ones of a round come, which are not counted.
    """

    def __init__(
        self,
        clients: Child,
        observers: Observers,
        hops: Hops,
        *,
        per_second: int,
        seconds: float,
        request: Callable[[Asked], Request] = reserving,
        patience: float = END_SECONDS,
        warm_seconds: float = WARM_SECONDS,
    ) -> None:
        self._clients = clients
        self._observers = observers
        self._hops = hops
        self._per_second = per_second
        self._request = request
        self._patience = patience
        self._warm = int(per_second * warm_seconds)
        self._count = self._warm + int(per_second * seconds)
        self._port = urlsplit(os.environ["GATEWAY_URL"]).port or 80
        self._bare: list[list[float]] = []
        self._bought: list[list[Passage]] = []
        self._cold: list[list[Passage]] = []
        self._cpu = Rounds()
        self._each: list[dict[str, float]] = []

    def warm(self) -> None:
        """A round that has every process do all of it before: not counted, but told."""
        self._cold.append(self._send(self._count)[self._warm :])

    def rounds(self, name: str, count: int, *, cold: int = 1) -> None:
        """So many rounds, told under this name.

        Args:
            name: of the part.
            count: how many are counted.
            cold: how many come before that: the broker's virtual machine, for one, compiles what
                it does often only while it does it.
        """
        for number in range(cold):
            step(f"{name}: warming up, {number + 1} of {cold}")
            self.warm()
        for number in range(count):
            step(f"{name}: round {number + 1} of {count}")
            self.round()

    def round(self) -> None:
        """The bare hops, then reservations."""
        self._bare.append(self._hops.round(per_second=self._per_second, count=self._count // 2))
        for line in lines(self.buy()):
            print(f"    {line}")
        print(f"    bare hops {percentile(self._bare[-1], 50):.1f} ms", flush=True)

    def buy(self) -> list[Passage]:
        """The reservations of a round; returns the ways of those that count.

        Raises:
            RefusalError: not all were made, or seen to their ends.
        """
        meter, started = CpuMeter(processes(self._clients)), time.monotonic()
        passages = self._send(self._count)
        used, seconds = meter.used(), time.monotonic() - started
        self._cpu.cpu.append({name: spent / seconds for name, spent in used.items()})
        self._each.append({name: 1000 * spent / self._count for name, spent in used.items()})
        self._bought.append(passages[self._warm :])
        return self._bought[-1]

    def whole(self, bounds: Mapping[int, float] = MappingProxyType({})) -> Iterator[Figure]:
        """The rows of the whole way; `bounds` gives the milliseconds allowed by percent."""
        for percent in (50, 99):
            most = bounds.get(percent)
            yield Figure(
                name=f"POST → CONFIRMED at {self._per_second}/s, p{percent}",
                unit="ms",
                rounds=self._percentiles(*TO_CONFIRMED, percent),
                bound=Bound(value=most, at_most=True) if most else None,
                beside=[percentile(round_, percent) for round_ in self._bare],
                beside_name="4 commits, 2 records, bare",
                notes={"reservations": sum(map(len, self._bought)), "cores": self._cpu.cores()},
            )

    def cold(self) -> Figure:
        """The row of the whole way in the rounds that warm."""
        return Figure(
            name=f"POST → CONFIRMED at {self._per_second}/s, p50, before that: still warming up",
            unit="ms",
            rounds=[percentile(between(round_, *TO_CONFIRMED), 50) for round_ in self._cold],
        )

    def steps(self) -> Iterator[Figure]:
        """The rows of the steps, beside the whole, and of what is beside the way or after it."""
        whole = self._percentiles(*TO_CONFIRMED, 50)
        for earlier, later in STEPS:
            yield Figure(
                name=f"  … to {later}, p50",
                unit="ms",
                rounds=self._percentiles(earlier, later, 50),
                beside=whole,
                beside_name="POST → CONFIRMED",
                notes=self._other_views(earlier, later),
            )
        for moment in OTHERS:
            yield Figure(
                name=f"POST → {moment}, p50",
                unit="ms",
                rounds=self._percentiles("due", moment, 50),
                notes=self._other_views("due", moment),
            )

    def processor_time(self) -> Figure:
        """The row of what a reservation costs the processors, to its tickets."""
        return Figure(
            name="processor time of a reservation",
            unit="ms",
            rounds=[sum(each.values()) for each in self._ours()],
            notes={"by_process": self.by_process()},
        )

    def by_process(self) -> dict[str, float]:
        """Milliseconds of processor time of a reservation, in the median round."""
        ours = self._ours()
        return {name: median(each[name] for each in ours) for name in ours[0]}

    def _ours(self) -> list[dict[str, float]]:
        return [{name: ms for name, ms in each.items() if name != "others"} for each in self._each]

    def to_confirmed(self, percent: int) -> list[float]:
        """Milliseconds from POST to CONFIRMED, of each round."""
        return self._percentiles(*TO_CONFIRMED, percent)

    def ask(self, count: int) -> Figure:
        """Compare the moment of CONFIRMED with what a client is told; the row of how much later."""
        with asking.client(self._port) as connection:
            told = [asking.ask(connection, seat) for seat in inventory.spread(count)]
        self._wait_until_ticketed([one.reservation_id for one in told])
        later = []
        for one in told:
            seen = self._observers.seen[one.reservation_id]["CONFIRMED"]
            one.must_agree(self._observers.not_yet.get(one.reservation_id, 0.0), seen)
            later.append(1000 * (one.confirmed - seen))
        return Figure(name="CONFIRMED → told so by GET over and over", unit="ms", rounds=later)

    def _other_views(self, earlier: str, later: str) -> Mapping[str, object]:
        return {
            "p99_rounds": self._percentiles(earlier, later, 99),
            "since_due_p50_rounds": self._percentiles("due", later, 50),
        }

    def _percentiles(self, earlier: str, later: str, percent: int) -> list[float]:
        return [percentile(between(round_, earlier, later), percent) for round_ in self._bought]

    def _send(self, count: int) -> list[Passage]:
        """Have so many reservations made; returns their ways, in the order of sending.

        Raises:
            RefusalError: not all were made, or seen to their ends.
        """
        seats = inventory.spread(count)
        order = {
            "port": self._port,
            "clients": CLIENTS,
            "requests": [self._request(seat) for seat in seats],
            "per_second": self._per_second,
        }
        monotonic_at_0 = time.time() - time.monotonic()
        self._clients.tell(json.dumps(order))
        answer = self._clients.answer(count / self._per_second + END_SECONDS)
        if answer["statuses"] != {"201": count}:
            raise RefusalError(f"not all answers were 201: {answer['statuses']}")
        started = monotonic_at_0 + answer["started"]
        dues = [started + number / self._per_second for number in range(count)]
        return self._passages(seats, dues, answer["seconds"])

    def _passages(
        self, seats: Sequence[Asked], dues: Sequence[float], seconds: Sequence[float]
    ) -> list[Passage]:
        ids = [found for found in written.reservations(seats) if found is not None]
        if len(ids) != len(seats):
            raise RefusalError(f"{len(seats) - len(ids)} of the seats are nobody's")
        self._wait_until_ticketed(ids)
        known, seen = written.moments(ids), self._observers.seen
        try:
            return [
                complete({"due": due, "POST answered": due + took, **known[id_], **seen[id_]})
                for id_, due, took in zip(ids, dues, seconds, strict=True)
            ]
        except Incomplete as error:
            raise RefusalError(str(error)) from error

    def _wait_until_ticketed(self, ids: Sequence[UUID]) -> None:
        deadline = time.monotonic() + self._patience
        while written.ticketed(ids) < len(ids):
            if time.monotonic() > deadline:
                raise RefusalError("not all reservations have their tickets in time")
            time.sleep(0.2)
        time.sleep(1)  # for the last events to be seen


def processes(clients: Child) -> dict[str, int]:
    """Every process that takes part, by name; gunicorn's workers by number."""
    found = {**servers(), "clients": clients.pid, "bench": os.getpid()}
    for service in SERVICES:
        master = psutil.Process(int(os.environ[f"{service.name.upper()}_PID"]))
        for number, worker in enumerate(master.children(), 1):
            found[f"{service.name} {number}"] = worker.pid
        for process in service.workers():
            variable = f"{process.name.upper().replace('-', '_')}_PID"
            found[process.name] = int(os.environ[variable])
    return found
