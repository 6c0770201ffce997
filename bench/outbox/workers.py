"""The processes that are measured: `python -m bench.outbox.workers NAME [ARGUMENT ...]`.

Each says "ready" when it is warm, waits for a line, works, and answers with a line of JSON.
"""

import json
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import django

READY: Final = "ready"
CLIENTS: Final = 4


def say(answer: object) -> None:
    """A line for the parent."""
    print(json.dumps(answer), flush=True)


def orders(meanwhile: Callable[[], object] = lambda: None) -> Iterator[list[float]]:
    """The numbers in each of the parent's lines, until there are no more; while none comes,
    `meanwhile` is called from time to time."""
    while True:
        heard, _, _ = select.select([sys.stdin], [], [], 0.05)
        if not heard:
            meanwhile()
        elif line := sys.stdin.readline():
            yield [float(word) for word in line.split()]
        else:
            return


def timed(work: Callable[..., object], *arguments: object) -> None:
    """Do it and say when it began and ended, on the clock that all processes share."""
    cpu, started = time.process_time(), time.monotonic()
    work(*arguments)
    say({"started": started, "ended": time.monotonic(), "cpu": time.process_time() - cpu})


def relay(shards: str) -> None:
    """A relay that holds so many shards, and publishes until nothing is pending."""
    from bench.outbox import stock
    from outbox.relay import Relay

    def publish() -> None:
        while under_test.run_once():
            pass

    under_test = Relay()
    while len(under_test.leases.shards) != int(shards):
        under_test.leases.keep()
        time.sleep(0.02)
    under_test.publisher.publish(stock.loose_rows(1, stock.RAW), 10)
    say(READY)
    for _ in orders(under_test.leases.keep):
        timed(publish)
    under_test.close()


def raw_relay() -> None:
    """The limit of the relay."""
    from bench.outbox import limits

    kafka = limits.producer()
    limits.cursor()
    say(READY)
    for _ in orders():
        timed(limits.drain, kafka)


def raw_rounds() -> None:
    """The limit of one key: so many rounds from produce to acknowledgement."""
    from bench.outbox import limits

    kafka = limits.producer()
    say(READY)
    for (count,) in orders():
        timed(limits.rounds, kafka, int(count))


def effects() -> None:
    """A consumer that applies so many events."""
    from bench.outbox.shop.handlers import committed
    from outbox.consumer import Consumer

    def consume(count: float) -> None:
        while len(committed) < count:
            consumer.run_once()
        committed.clear()

    consumer = Consumer("effects")
    consume(1)
    say(READY)
    for order in orders():
        timed(consume, *order)
    consumer.close()


def raw_effects() -> None:
    """The limit of the consumer."""
    from bench.outbox.limits import Effects

    def consume(count: float) -> None:
        while raw.applied < count:
            raw.run_once()
        raw.applied = 0

    raw = Effects()
    consume(1)
    say(READY)
    for order in orders():
        timed(consume, *order)
    raw.close()


def arrivals() -> None:
    """A consumer as a service runs it; at its end it says when each effect was committed."""
    from bench.outbox.shop.handlers import committed
    from outbox.consumer import Consumer
    from outbox.worker import Loop

    consumer = Consumer("arrivals")
    Loop("arrivals", consumer.run_once, consumer.close).run()
    say(committed)


def append() -> None:
    """Business transactions at a steady rate, each with an event, from several connections."""
    from django.db import transaction

    from bench.outbox.shop.events import ParcelSent
    from bench.outbox.shop.models import Parcel
    from outbox import append as append_event

    def run(per_second: float, seconds: float) -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            for client in range(CLIENTS):
                pool.submit(steadily, client, per_second, seconds)

    def steadily(client: int, per_second: float, seconds: float) -> None:
        started = time.monotonic() + client / per_second
        for number in range(int(per_second * seconds / CLIENTS)):
            due = started + number * CLIENTS / per_second
            time.sleep(max(0.0, due - time.monotonic()))
            with transaction.atomic():
                parcel = Parcel()
                append_event(parcel, ParcelSent.at(time.monotonic_ns()))
                parcel.save(force_insert=True)

    say(READY)
    for order in orders():
        timed(run, *order)


def passage() -> None:
    """The limit of the way from insert to effect."""
    from bench.outbox.limits import Passage

    limit = Passage()
    limit.send(50, 1)
    say(READY)
    for per_second, seconds in orders():
        say(limit.send(per_second, seconds))
    limit.close()


def nothing() -> None:
    """A Django process that sleeps."""
    say(READY)
    signal.pause()


WORKERS: Final[dict[str, Callable[..., None]]] = {
    worker.__name__: worker
    for worker in (
        relay,
        raw_relay,
        raw_rounds,
        effects,
        raw_effects,
        arrivals,
        append,
        passage,
        nothing,
    )
}

if __name__ == "__main__":
    django.setup()
    WORKERS[sys.argv[1]](*sys.argv[2:])
