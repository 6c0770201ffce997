"""How long a look at a departure takes: its seat map, and the search that finds it."""

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from bench.booking import inventory
from bench.booking.sites import Clients, Request, Site
from bench.report import Bound, Figure
from bench.rounds import percentile
from dev.console import step

WARM_SECONDS: Final = 2.0
LONGEST_MS: Final = 15
KINDS: Final = ("seat map", "search")


class Looking:
    """Rounds of looks at departures all over the schedule, both kinds in turn, at a steady rate.

    Args:
        clients: who sends.
        service: booking.
        limit: the same statements, raw; a search always for the same departures.
        per_second: looks a second.
        seconds: how long each round lasts; the first ones are not counted.
    """

    def __init__(
        self, clients: Clients, service: Site, limit: Site, *, per_second: int, seconds: float
    ) -> None:
        self._clients = clients
        self._sites = {"limit": limit, "service": service}
        self._per_second = per_second
        self._seconds = seconds
        self._departures = inventory.routes()
        self._milliseconds: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
        self._cores: dict[str, float] = {}

    def round(self) -> None:
        """Each site once."""
        for name, to in self._sites.items():
            requests = self._requests()
            answers = self._clients.send(to, requests, per_second=self._per_second)
            answers.must_all_be(200)
            self._cores = answers.cores
            counted = [1000 * s for s in answers.seconds[int(self._per_second * WARM_SECONDS) :]]
            for offset, kind in enumerate(KINDS):
                self._milliseconds[name, kind].append(counted[offset :: len(KINDS)])
            told = ", ".join(
                f"{kind} {percentile(self._milliseconds[name, kind][-1], 99):.1f} ms"
                for kind in KINDS
            )
            step(f"  {name:<8} p99: {told}")

    def figures(self) -> Iterator[Figure]:
        """The rows of the table."""
        for kind in KINDS:
            for percent in (50, 99):
                ours, raw = (
                    self._percentiles(name, kind, percent) for name in ("service", "limit")
                )
                yield Figure(
                    name=f"{kind} at {self._per_second}/s, p{percent}",
                    unit="ms",
                    rounds=ours,
                    bound=Bound(value=LONGEST_MS, at_most=True) if percent == 99 else None,
                    beside=raw,
                    beside_name="raw, same statements",
                    notes={"cores": self._cores},
                )

    def _percentiles(self, name: str, kind: str, percent: int) -> list[float]:
        return [percentile(round_, percent) for round_ in self._milliseconds[name, kind]]

    def _requests(self) -> list[Request]:
        # An even number, so that each kind keeps its turn.
        looks = int(self._per_second * (self._seconds + WARM_SECONDS)) // 2
        chosen = random.choices(self._departures, k=looks)  # noqa: S311 (no secret)
        return [request for one in chosen for request in (seat_map(one), search(one))]


def seat_map(departure: inventory.Route) -> Request:
    """The request for the seats of a departure."""
    day = departure.date.isoformat()
    return "GET", f"/api/departures/{departure.flight}/{day}/seats", None


def search(departure: inventory.Route) -> Request:
    """The request that finds a departure."""
    query = f"origin={departure.origin}&destination={departure.destination}&date={departure.date}"
    return "GET", f"/api/departures?{query}", None
