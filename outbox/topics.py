"""Creating the topics of the registry."""

from collections.abc import Iterable, Iterator
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from outbox.conf import options
from outbox.registry import topics

TIMEOUT_SECONDS: Final = 30


class BrokerUnreachable(RuntimeError):
    """No broker answered in time."""


class TopicRefused(RuntimeError):
    """The broker will not make a topic as it is configured."""


def create_topics() -> Iterator[tuple[str, str]]:
    """Make every topic of the registry that is not there yet.

    Yields:
        Each topic and what happened to it: "created" or "exists".

    Raises:
        BrokerUnreachable: the broker did not answer within 30 s.
        TopicRefused: the broker answered that it will not, such as for want of replicas.
    """
    client = AdminClient({"bootstrap.servers": options().bootstrap_servers, "log_level": 2})
    present = _existing(client)
    missing = [name for name in topics() if name not in present]
    yield from ((name, "exists") for name in topics() if name in present)
    yield from _create(client, missing)


def _existing(client: AdminClient) -> set[str]:
    try:
        return set(client.list_topics(timeout=TIMEOUT_SECONDS).topics)
    except KafkaException as error:
        raise BrokerUnreachable(
            f"no Kafka broker answers at {options().bootstrap_servers}: {error.args[0].str()}"
        ) from error


def _create(client: AdminClient, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    wanted = [
        NewTopic(
            name, num_partitions=options().partitions, replication_factor=options().replication
        )
        for name in names
    ]
    if not wanted:
        return
    for name, future in client.create_topics(wanted, request_timeout=TIMEOUT_SECONDS).items():
        try:
            future.result()
            yield name, "created"
        except KafkaException as error:
            reason = error.args[0]
            if reason.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicRefused(f"{name} cannot be made: {reason.str()}") from error
            yield name, "exists"
