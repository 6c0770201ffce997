"""Requests through the gateway and past it, in turn.

Who comes to the door signs in with a JSON Web Token and is counted, as customers are. Booking is
asked directly as the gateway asks it, by whom it is vouched for.
"""

import random
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import jwt
from django.conf import settings

from bench.booking import inventory
from bench.booking.selling import reserving
from bench.booking.sites import Answers, Clients, Request, Site, site
from bench.report import Bound, Figure
from bench.rounds import Rounds, percentile
from booking.models import Reservation
from contracts.callers import READ, WRITE, vouch
from dev.console import step

CUSTOMER: Final = "benchmark"
SCOPES: Final = (READ, WRITE)
ISSUER: Final = "https://identity.example.test"
AUDIENCE: Final = "airline"
LASTS_SECONDS: Final = 3600
# Counted, and never used up.
MANY: Final = "1000000"

WARM_SECONDS: Final = 2.0
MOST_ADDED_MS: Final = 3
LEAST_SHARE: Final = 0.7
DIRECTLY: Final = "directly"
THROUGH: Final = "through the gateway"


@dataclass(frozen=True)
class Way:
    """A way to booking.

    Args:
        site: what is asked.
        headers: makes what says who asks.
        behind: whom that asks in its turn.
    """

    site: Site
    headers: Callable[[], Mapping[str, str]]
    behind: Sequence[Site] = ()


@contextmanager
def both_ways() -> Iterator[Mapping[str, Way]]:
    """Booking and a gateway before it, as they are shipped; gone after the block."""
    secret = secrets.token_urlsafe(32)
    with (
        site("config.settings.booking", "booking") as booking,
        site(
            "config.settings.gateway",
            "gateway",
            BOOKING_URL=f"http://127.0.0.1:{booking.port}",
            JWT_SECRET=secret,
            JWT_ISSUER=ISSUER,
            JWT_AUDIENCE=AUDIENCE,
            REQUESTS_PER_CUSTOMER=MANY,
            REQUESTS_PER_ADDRESS=MANY,
        ) as gateway,
    ):
        yield {
            DIRECTLY: Way(booking, _vouched),
            THROUGH: Way(gateway, lambda: _signed_in(secret), behind=(booking,)),
        }


def _vouched() -> Mapping[str, str]:
    keys = settings.INTERNAL_KEYS
    return vouch(CUSTOMER, SCOPES, by="gateway", to="booking", keys=keys, at=time.time())


def _signed_in(secret: str) -> Mapping[str, str]:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": CUSTOMER,
        "scope": " ".join(SCOPES),
        "exp": int(time.time()) + LASTS_SECONDS,
    }
    return {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}


@dataclass(frozen=True)
class Kind:
    """What is asked for.

    Args:
        name: as the table has it.
        status: what it is answered with.
        per_second: the rate at which its time is taken.
        requests: makes so many.
    """

    name: str
    status: int
    per_second: int
    requests: Callable[[int], list[Request]]


def _making(count: int) -> list[Request]:
    return [reserving(seat) for seat in inventory.spread(count)]


def _reading(count: int) -> list[Request]:
    """Looks at reservations that were made here."""
    ids = Reservation.objects.filter(customer_id=CUSTOMER).values_list("id", flat=True)[:1000]
    chosen = random.choices(list(ids), k=count)  # noqa: S311 (no secret)
    return [("GET", f"/api/reservations/{one}", None) for one in chosen]


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "making": Kind("reservation made", 201, 20, _making),
        "reading": Kind("reservation read", 200, 50, _reading),
    }
)


class Door:
    """Rounds of one kind of request, both ways in turn: at a steady rate, and as fast as answered.

    Args:
        clients: who sends.
        ways: by their names.
        kind: of `KINDS`.
        seconds: how long requests come at a steady rate; as many come as fast as they are answered
            as in four times as long.
    """

    def __init__(
        self, clients: Clients, ways: Mapping[str, Way], kind: str, *, seconds: float
    ) -> None:
        self._clients = clients
        self._ways = ways
        self._kind = KINDS[kind]
        self._steady = int(self._kind.per_second * (seconds + WARM_SECONDS))
        self._fast = int(self._kind.per_second * seconds * 4)
        self._medians: dict[str, list[float]] = defaultdict(list)
        self._by_way: dict[str, Rounds] = defaultdict(Rounds)

    def prepare(self) -> None:
        """Warm every thread of both sites; from then on there are reservations to look at."""
        for way in self._ways.values():
            self._send(way, KINDS["making"], self._fast // 2)

    def round(self) -> None:
        """Each way once, at a steady rate and as fast as answered."""
        per_second = self._kind.per_second
        for name, way in self._ways.items():
            answers = self._send(way, self._kind, self._steady, per_second)
            counted = answers.seconds[int(per_second * WARM_SECONDS) :]
            self._medians[name].append(1000 * percentile(counted, 50))
        for name, way in self._ways.items():
            answers = self._send(way, self._kind, self._fast)
            self._by_way[name].rates.append(answers.rate)
            self._by_way[name].cpu.append(answers.cores)
            p50, rounds = self._medians[name][-1], self._by_way[name]
            cores = ", ".join(f"{who} {used:.2f}" for who, used in rounds.cpu[-1].items())
            step(f"  {name:<20} p50 {p50:5.2f} ms, {rounds.rates[-1]:4.0f}/s   cores: {cores}")

    def _send(self, way: Way, kind: Kind, count: int, per_second: int = 0) -> Answers:
        answers = self._clients.send(
            way.site,
            kind.requests(count),
            per_second=per_second,
            headers=way.headers(),
            behind=way.behind,
        )
        answers.must_all_be(kind.status)
        return answers

    def figures(self) -> Iterator[Figure]:
        """The rows of the table."""
        kind, directly, through = self._kind, self._medians[DIRECTLY], self._medians[THROUGH]
        yield Figure(
            name=f"{kind.name} at {kind.per_second}/s, added to p50",
            unit="ms",
            rounds=[theirs - own for theirs, own in zip(through, directly, strict=True)],
            bound=Bound(value=MOST_ADDED_MS, at_most=True),
            notes={"directly_p50_rounds": directly, "through_p50_rounds": through},
        )
        fast = self._by_way[THROUGH]
        yield Figure(
            name=f"{kind.name}, as fast as answered",
            unit="/s",
            rounds=fast.rates,
            beside=self._by_way[DIRECTLY].rates,
            beside_name="asking booking directly",
            ratio=Bound(value=LEAST_SHARE),
            notes={"cores": fast.cores(), "direct_cores": self._by_way[DIRECTLY].cores()},
        )
