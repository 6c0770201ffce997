"""Kafka through librdkafka: publishing waves of events, and what all clients share."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from confluent_kafka import KafkaError, KafkaException, Producer

from outbox import cloudevents
from outbox.conf import Options, options
from outbox.rows import Row

logger = logging.getLogger(__name__)

# What the broker refuses for good: sending the same bytes again cannot help.
PERMANENT: Final = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.INVALID_MSG,
        KafkaError.INVALID_RECORD,
        KafkaError.TOPIC_EXCEPTION,
    }
)


def _log_error(error: KafkaError) -> None:
    """librdkafka tells of every refused connection; only that no broker is left matters here."""
    away = error.code() == KafkaError._ALL_BROKERS_DOWN
    logger.log(logging.WARNING if away else logging.DEBUG, "Kafka: %s", error.str())


# What producers and consumers have in common.
CLIENT: Final[dict[str, object]] = {
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 1000,
    "socket.nagle.disable": True,
    "error_cb": _log_error,
    "logger": logging.getLogger("outbox.librdkafka"),
    "log_level": 2,
}


class BrokerAway(Exception):
    """The broker did not answer; nothing is lost, it will be asked again."""


@dataclass
class Outcome:
    """What became of a wave: rows neither acknowledged nor refused are to be sent again."""

    acknowledged: list[Row] = field(default_factory=list)
    refused: list[tuple[Row, str]] = field(default_factory=list)
    error: str = ""

    def record(self, row: Row, error: KafkaError | None, _: object = None) -> None:
        """Note the broker's answer for a row."""
        if error is None:
            self.acknowledged.append(row)
        elif error.code() in PERMANENT:
            self.refused.append((row, error.str()))
        else:
            # The first answer tells why; that the rest was purged then does not.
            self.error = self.error or error.str()


class Publisher(Protocol):
    """Where the relay sends events."""

    def publish(self, rows: Sequence[Row], timeout: float) -> Outcome:
        """Send rows of distinct keys and wait for their acknowledgements.

        Args:
            rows: at most one per key.
            timeout: how many seconds to wait at most.
        """
        ...

    def close(self) -> None:
        """Forget what was not acknowledged and let go of the connection."""
        ...


class KafkaPublisher:
    """Publishes with an idempotent producer and `acks=all`.

    A wave that does not come back whole costs the producer: it is purged and made anew, so that
    nothing of the old wave can be sent behind the relay's back. That also mends fatal errors.
    """

    def __init__(self, make: Callable[[Options], Producer] | None = None) -> None:
        self._make = make or make_producer
        # Made at once: an idempotent producer's first words with a broker take their time.
        self._producer: Producer | None = self._make(options())

    def publish(self, rows: Sequence[Row], timeout: float) -> Outcome:
        """See `Publisher.publish`."""
        outcome = Outcome()
        if self._producer is None:
            self._producer = self._make(options())
        try:
            self._produce(self._producer, rows, outcome)
            self._producer.flush(timeout)
        except (KafkaException, BufferError) as error:
            outcome.error = str(error)
        if len(outcome.acknowledged) + len(outcome.refused) < len(rows):
            outcome.error = outcome.error or "not acknowledged in time"
            self.close()
        return outcome

    def _produce(self, producer: Producer, rows: Sequence[Row], outcome: Outcome) -> None:
        source = options().source
        for row in rows:
            try:
                producer.produce(
                    row.topic,
                    row.payload,
                    row.key,
                    headers=cloudevents.headers(row, source),
                    on_delivery=partial(outcome.record, row),
                )
            except KafkaException as error:
                # An oversize message is refused here and now, while its neighbors go on.
                outcome.record(row, error.args[0])

    def close(self) -> None:
        """See `Publisher.close`."""
        if self._producer is not None:
            self._producer.purge()
            self._producer.flush(0)
            self._producer = None


def make_producer(configured: Options) -> Producer:
    """A producer that neither loses nor reorders, and gives up before the lease does."""
    return Producer(producer_configuration(configured))


def producer_configuration(configured: Options) -> dict[str, object]:
    """librdkafka's configuration of the relay's producer."""
    return {
        "bootstrap.servers": configured.bootstrap_servers,
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": "none",
        "linger.ms": 0,
        "message.timeout.ms": configured.message_timeout_ms,
        "message.max.bytes": 1_000_000,
        "partitioner": "murmur2_random",
        **CLIENT,
    }
