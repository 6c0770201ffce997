"""The benchmark itself, on a system that runs: see dev/bench.py."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench import command
from bench.children import Child, child
from bench.report import Bound, Figure
from dev.console import run, step

PARTS: Final = ("pricing", "quoting", "verifying")
FARES: Final = 5000
MOST_QUOTING_MS: Final = 15


def main() -> int:
    """Measure, print, write; 0 when every row of the table is met."""
    return command.run("fare", PARTS, _measure)


def _measure(options: argparse.Namespace) -> Iterator[Figure]:
    from bench.fare import fares
    from bench.fare.verifying import verifying

    with TemporaryDirectory() as folder:
        fares.load(100 if options.quick else FARES, Path(folder))
    with child("-m", "bench.booking.clients") as clients:
        if "pricing" in options.part:
            yield from _pricing(clients, options)
        if "quoting" in options.part:
            yield from _quoting(clients, options)
    if "verifying" in options.part:
        yield verifying(options.rounds)


def _pricing(clients: Child, options: argparse.Namespace) -> Iterator[Figure]:
    from bench.fare import pricing
    from bench.fare.pricing import Pricing

    on, seconds = pricing.departure(), 1 if options.quick else 12
    change = Pricing(clients, "/api/change-quotes", pricing.change(on), seconds=seconds)
    offers = Pricing(clients, "/api/offers", pricing.offers(on), seconds=seconds)
    for one in (change, offers):
        one.warm()
    for number in range(options.rounds):
        step(f"pricing: round {number + 1} of {options.rounds}")
        change.round()
        offers.round()
    yield from change.figures("pricing an itinerary", is_bound=True)
    yield from offers.figures("offers, booking asked", is_bound=False)


def _quoting(clients: Child, options: argparse.Namespace) -> Iterator[Figure]:
    from bench.booking.selling import reserving, reserving_unpriced
    from bench.saga.buying import Buying
    from bench.saga.hops import Hops
    from bench.saga.observers import Observers

    observers, hops = Observers(), Hops()
    seconds = 3 if options.quick else 20
    with observers.watching():
        ways = [
            Buying(clients, observers, hops, per_second=2, seconds=seconds, request=request)
            for request in (reserving, reserving_unpriced)
        ]
        for way in ways:
            way.warm()
        for number in range(options.rounds):
            step(f"quoting: round {number + 1} of {options.rounds}, with an offer, then without")
            for way in ways:
                way.round()
    offered, quoted = (way.to_confirmed(50) for way in ways)
    yield Figure(
        name="POST → CONFIRMED with a quoting step, p50",
        unit="ms",
        rounds=quoted,
        beside=offered,
        beside_name="at an offer's price",
    )
    yield Figure(
        name="the quoting step, p50",
        unit="ms",
        rounds=[one - other for one, other in zip(quoted, offered, strict=True)],
        bound=Bound(value=MOST_QUOTING_MS, at_most=True),
    )


if __name__ == "__main__":
    run(main)
