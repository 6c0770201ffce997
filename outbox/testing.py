"""An in-memory broker, for tests of this library and of services that use it.

It makes no claim about durability: what it is for is order, redelivery and refusals.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from outbox import cloudevents
from outbox.conf import options
from outbox.held import Incoming
from outbox.kafka import Outcome
from outbox.rows import Row


@dataclass
class InMemoryBroker:
    """A `Publisher` that keeps what it is sent, per topic.

    Args:
        away: events that are not acknowledged for now, by type.
        refuses: events that are refused for good, by type.
    """

    away: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)
    waves: list[list[Row]] = field(default_factory=list)
    topics: dict[str, list[Incoming]] = field(default_factory=lambda: defaultdict(list))

    def publish(self, rows: Sequence[Row], timeout: float) -> Outcome:
        """See `outbox.kafka.Publisher.publish`."""
        self.waves.append(list(rows))
        outcome = Outcome()
        for row in rows:
            if row.type in self.refuses:
                outcome.refused.append((row, "refused"))
            elif row.type in self.away:
                outcome.error = "away"
            else:
                self.topics[row.topic].append(self._incoming(row))
                outcome.acknowledged.append(row)
        return outcome

    def close(self) -> None:
        """Nothing is held."""

    def sequences(self, key: str) -> list[int]:
        """The sequence numbers of a key, as they arrived."""
        return [
            cloudevents.parse(message.key, message.headers).sequence
            for messages in self.topics.values()
            for message in messages
            if message.key == key.encode()
        ]

    def _incoming(self, row: Row) -> Incoming:
        headers = cloudevents.headers(row, options().source)
        return Incoming(
            topic=row.topic,
            partition=0,
            offset=len(self.topics[row.topic]),
            key=row.key.encode(),
            value=row.payload.encode(),
            headers=[(name, str(value).encode()) for name, value in headers],
        )
