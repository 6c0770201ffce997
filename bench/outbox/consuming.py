"""How many effects a second one consumer process applies."""

from collections.abc import Iterator

from bench.children import child
from bench.machine import CpuMeter, servers
from bench.outbox import stock
from bench.outbox.drains import WORKER
from bench.report import Bound, Figure
from bench.rounds import Rounds
from dev.console import RefusalError, step
from outbox.kafka import KafkaPublisher


class Consuming:
    """Rounds of events that wait in the topic, each of a key of its own.

    Args:
        events: how many in each round.
        rounds: how many rounds.
    """

    def __init__(self, *, events: int, rounds: int) -> None:
        self._events = events
        self._rounds = rounds
        self._ours, self._raw = Rounds(), Rounds()
        self._publisher = KafkaPublisher()

    def run(self) -> None:
        """The library and the limit in turn, on the same events."""
        self._publish(1)
        with child(*WORKER, "effects") as ours, child(*WORKER, "raw_effects") as raw:
            ours.answer()
            raw.answer()
            for _ in range(self._rounds):
                self._publish(self._events)
                for one, drained, name in (
                    (raw, self._raw, "limit"),
                    (ours, self._ours, "effects"),
                ):
                    meter = CpuMeter({**servers(), "consumer": one.pid})
                    one.tell(str(self._events))
                    answer = one.answer()
                    seconds = answer["ended"] - answer["started"]
                    used = {process: cpu / seconds for process, cpu in meter.used().items()}
                    drained.rates.append(self._events / seconds)
                    drained.cpu.append(used)
                    step(f"  {name:<8} {self._events / seconds:>9,.0f} effects/s")
            ours.dismiss()
            raw.dismiss()

    def figures(self) -> Iterator[Figure]:
        """The row of the table."""
        yield Figure(
            name="consumer: effects, one process",
            unit="/s",
            rounds=self._ours.rates,
            bound=Bound(value=2500),
            beside=self._raw.rates,
            beside_name="raw SQL",
            known=Bound(value=3100),
            notes={"cores": self._ours.cores(), "limit_cores": self._raw.cores()},
        )

    def _publish(self, events: int) -> None:
        outcome = self._publisher.publish(stock.loose_rows(events), 30)
        if len(outcome.acknowledged) != events:
            raise RefusalError(f"the events could not be published: {outcome.error}")
