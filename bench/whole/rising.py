"""Ever more reservations a second, until the system does not keep up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bench.children import Child
from bench.rounds import percentile
from bench.saga.buying import TO_CONFIRMED, Buying
from bench.saga.hops import Hops
from bench.saga.observers import Observers
from bench.saga.passages import STEPS, Passage, between
from bench.whole.stages import Stage
from dev.console import RefusalError, step

# Reservations a second; a quarter more each time, roundly.
RATES: Final = (5, 10, 15, 20, 25, 30, 35, 40, 50, 60, 80, 100, 125, 150, 200, 250)
PATIENCE_SECONDS: Final = 120.0


def rising(
    clients: Child, observers: Observers, hops: Hops, *, seconds: float, rates: Sequence[int]
) -> Iterator[Stage]:
    """The stages, up to the first rate that is not kept up.

    Args:
        clients: the process that sends.
        observers: who watches.
        hops: the bare way, which is not gone here.
        seconds: how long each rate lasts.
        rates: reservations a second, ascending.
    """
    for rate in rates:
        buying = Buying(
            clients,
            observers,
            hops,
            per_second=rate,
            seconds=seconds,
            patience=PATIENCE_SECONDS,
            warm_seconds=0,
        )
        try:
            stage = _stage(rate, buying.buy(), buying.by_process())
        except RefusalError as error:
            step(f"  {rate:>4}/s  {error}")
            return
        step(f"  {stage.told()}")
        yield stage
        if not stage.is_kept_up:
            return


def _stage(rate: int, passages: Sequence[Passage], by_process: Mapping[str, float]) -> Stage:
    whole = between(passages, *TO_CONFIRMED)
    return Stage(
        per_second=rate,
        milliseconds={percent: percentile(whole, percent) for percent in (50, 99)},
        steps={
            later: percentile(between(passages, earlier, later), 50) for earlier, later in STEPS
        },
        late=max(one["CONFIRMED"] for one in passages) - max(one["due"] for one in passages),
        by_process=by_process,
    )
