"""Pricing over HTTP, at a steady rate."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from bench.children import Child
from bench.report import Bound, Figure
from bench.rounds import percentile
from booking.models import Departure
from contracts.quotes import ChangeQuoteRequest
from contracts.values import Conditions, Passenger, Penalty, Price, PriceLine
from dev.console import RefusalError

PER_SECOND: Final = 50
CLIENTS: Final = 32
END_SECONDS: Final = 60.0
MOST_MS: Final = 10
ALLOWED: Final = Penalty(allowed=True)


class Pricing:
    """Rounds of one kind of request, always the same one.

    Args:
        clients: the process that sends.
        path: what is asked.
        body: with what.
        seconds: how long each round lasts.
    """

    def __init__(
        self, clients: Child, path: str, body: Mapping[str, Any], *, seconds: float
    ) -> None:
        self._clients = clients
        self._request = ("POST", path, body)
        self._count = int(PER_SECOND * seconds)
        self._rounds: list[list[float]] = []

    def warm(self) -> None:
        """Have every thread of the service do it before."""
        self._send()

    def round(self) -> None:
        """One round."""
        self._rounds.append([1000 * seconds for seconds in self._send()])

    def _send(self) -> list[float]:
        order = {
            "port": urlsplit(os.environ["FARE_URL"]).port,
            "clients": CLIENTS,
            "requests": [self._request] * self._count,
            "per_second": PER_SECOND,
        }
        self._clients.tell(json.dumps(order))
        answer = self._clients.answer(self._count / PER_SECOND + END_SECONDS)
        if answer["statuses"] != {"200": self._count}:
            raise RefusalError(f"not all answers were 200: {answer['statuses']}")
        seconds: list[float] = answer["seconds"]
        return seconds

    def figures(self, name: str, *, is_bound: bool) -> Iterator[Figure]:
        """The rows of the table."""
        for percent in (50, 99):
            yield Figure(
                name=f"{name} at {PER_SECOND}/s, p{percent}",
                unit="ms",
                rounds=[percentile(round_, percent) for round_ in self._rounds],
                bound=Bound(value=MOST_MS, at_most=True) if is_bound and percent == 99 else None,
            )


def departure() -> Departure:
    """One that sells for a while."""
    week_ahead = datetime.combine(datetime.now(UTC).date() + timedelta(days=7), time(), UTC)
    later = Departure.objects.filter(departs_at__gte=week_ahead, flight__number=1001)
    return later.select_related("flight__origin", "flight__destination").earliest("departs_at")


def change(on: Departure) -> dict[str, Any]:
    """What booking asks about a change to a departure: fare prices it, and asks nobody."""
    line = PriceLine(kind="BASE", code="FARE", amount=7100, passenger_id=1)
    price = Price(
        total=7100,
        currency="EUR",
        lines=(line,),
        fare_basis="KLIGHT",
        fare_family="LIGHT",
        conditions=Conditions(
            refundable=True,
            cancel_before_departure=ALLOWED,
            cancel_after_departure=ALLOWED,
            change_before_departure=ALLOWED,
            change_after_departure=ALLOWED,
        ),
    )
    asked = ChangeQuoteRequest(
        asked_at=datetime.now(UTC),
        departs_at=on.departs_at,
        price=price,
        itinerary=on.itinerary("ECONOMY"),
        passengers=(Passenger(passenger_id=1, type="ADULT"),),
        seats_sold={},
    )
    body: dict[str, Any] = json.loads(msgspec.json.encode(asked))
    return body


def offers(on: Departure) -> dict[str, Any]:
    """What a customer asks for the same day."""
    return {
        "origin": on.flight.origin_id,
        "destination": on.flight.destination_id,
        "departure_date": on.date.isoformat(),
        "passengers": [{"passenger_id": 1}],
    }
